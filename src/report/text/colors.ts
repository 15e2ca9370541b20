import { styleText } from 'node:util'
import type { TierStatus } from '../../verdict/results.ts'

type Style = Parameters<typeof styleText>[0]

/** Colours a text, or leaves it as it is. */
export type Ink = (style: Style, text: string) => string

export function inkFor(color: boolean): Ink {
  return color ? (style, text) => styleText(style, text, { validateStream: false }) : (_, text) => text
}

/** `NO_COLOR` (any value but empty) wins, then `FORCE_COLOR`, then whether the stream is a terminal. */
export function wantsColor(tty: boolean, env: Readonly<Record<string, string | undefined>> = process.env): boolean {
  if (env.NO_COLOR) return false
  if (env.FORCE_COLOR) return env.FORCE_COLOR !== '0'
  return tty && env.TERM !== 'dumb'
}

/** How each outcome looks; the sign alone must be enough where there is no colour. */
export const SIGNS = {
  pass: { sign: '✓', style: 'green' },
  fail: { sign: '✗', style: 'red' },
  unverified: { sign: '?', style: 'yellow' },
  skip: { sign: '–', style: 'gray' },
} as const satisfies Record<TierStatus, { sign: string; style: Style }>
