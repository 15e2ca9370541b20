import { type Blanks, fillTitle, type PlainId, type TitleRef } from '../text/titles.ts'

/** Every wait that is reported while it lasts: its id, and what is waited for in words. */
const WAITS = {
  'machine-lock': 'the machine lock',
  converge: 'stack {subject} to converge',
  'one-shot': 'one-shot {service} to complete',
  port: 'the host port {subject} to be free',
  'task-replaced': 'another task of {service}',
  last: 'every service to last',
  http: '{subject} to answer',
  route: '{subject} to answer',
  'as-before': '{subject} to be as before',
  browser: 'a browser to see the app',
  'page-still': 'the page to stand still',
  container: 'a running container of {service}',
  'database-connects': '{subject} in {service} takes connections',
  ready: 'ready: {subject}',
  'ready-function': 'ready() to say yes',
  'services-stopped': 'the services to stop',
  'one-shots-begun': 'the one-shots to begin again',
  drained: 'the runs on node {subject} to end',
  'engine-back': 'the engine to know what runs',
} as const

export type WaitId = keyof typeof WAITS
export const WAIT_IDS = Object.keys(WAITS) as [WaitId, ...WaitId[]]

/** A wait and what its title leaves open. */
export type WaitRef = PlainId<typeof WAITS> | TitleRef<typeof WAITS, 'id'>

/** What is being waited for and what was seen last. */
export interface WaitProgress extends Blanks {
  readonly id: WaitId
  /** For a reader. */
  readonly name: string
  readonly reason: string
  readonly waitedMs: number
  readonly timeoutMs: number
}

/** The facts of a wait that progress begins with. */
export function waitFacts(ref: WaitRef): Pick<WaitProgress, 'id' | 'name' | 'subject' | 'service'> {
  const { id, ...blanks }: { id: WaitId } & Blanks = typeof ref === 'string' ? { id: ref } : ref
  return { id, ...blanks, name: fillTitle(WAITS[id], blanks) }
}
