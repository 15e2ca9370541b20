import { randomInt } from 'node:crypto'

const ALPHABET = 'abcdefghjkmnpqrstuvwxyz23456789'

/** `length` random characters that are safe in host names, file names and Swarm names, and hard to misread. */
export function randomId(length: number): string {
  return Array.from({ length }, () => ALPHABET[randomInt(ALPHABET.length)]).join('')
}

/** A run's id: sorts by time, never collides: `20261123-191254-k3f9qa`. */
export function newRunId(now: number): string {
  const stamp = new Date(now).toISOString().replace(/[-:]/g, '').slice(0, 15).replace('T', '-')
  return `${stamp}-${randomId(6)}`
}

/** When a run with this id was ordered, in ms since the epoch; the seconds are all that an id knows. */
export function timeOfRunId(id: string): number {
  return Date.parse(id.slice(0, 15).replace(/^(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d)$/, '$1-$2-$3T$4:$5:$6Z'))
}

/** True for what `newRunId` makes: the only ids that may become a folder name. */
export function isRunId(text: string): boolean {
  return /^\d{8}-\d{6}-[a-z2-9]{6}$/.test(text)
}
