import { z } from 'zod'
import { InfraError } from '../lib/errors.ts'

/** Makes our type of what the engine said; may throw a ZodError. */
export type ParseAnswer<T> = (answer: unknown) => T

/** Labels and the like; the engine says null for an empty one now and then. */
export const stringMap = z
  .record(z.string(), z.string().nullish())
  .nullish()
  .transform((map): Readonly<Record<string, string>> => {
    const said = Object.entries(map ?? {}).filter((entry): entry is [string, string] => typeof entry[1] === 'string')
    return Object.fromEntries(said)
  })

const identified = z.object({ Id: z.string() })
const items = z.array(z.unknown()).nullish()

/** The id of something that was made, or of an item of a list. */
export function parseId(answer: unknown): string {
  return identified.parse(answer).Id
}

/** Of each item of a list; the engine says null for an empty one now and then. */
export function listOf<T>(parse: ParseAnswer<T>): ParseAnswer<T[]> {
  return (answer) => (items.parse(answer) ?? []).map((item) => parse(item))
}

const SHOWN_CHARACTERS = 200
const SHOWN_ISSUES = 3

/** What the engine said as JSON; undefined for nothing at all. Throws InfraError `engine-answer` for what is no JSON. */
export function jsonOf(text: string, call: string): unknown {
  if (text.trim() === '') return undefined
  try {
    return JSON.parse(text)
  } catch (error) {
    throw notUnderstood(call, `it is no JSON but ${JSON.stringify(text.slice(0, SHOWN_CHARACTERS))}`, error)
  }
}

/** Throws InfraError `engine-answer`, which names the call and the place in its answer, for one that is not what we understand. */
export function understand<T>(answer: unknown, parse: ParseAnswer<T>, call: string): T {
  try {
    return parse(answer)
  } catch (error) {
    if (!(error instanceof z.ZodError)) throw error
    const issues = error.issues.slice(0, SHOWN_ISSUES).map(({ path, message }) => `${placeOf(path)}: ${message}`)
    throw notUnderstood(call, issues.join('; '), error)
  }
}

/** What the docker CLI printed as JSON. Throws like `understand`. */
export function understandText<T>(text: string, parse: ParseAnswer<T>, command: string): T {
  return understand(jsonOf(text, command), parse, command)
}

export function notUnderstood(call: string, why: string, cause?: unknown): InfraError {
  return new InfraError('engine-answer', `the engine's answer to ${call} is not understood: ${why}`, {
    hint: "Compare the engine's release with the supported ones ('cc-ci doctor'), and report this with `docker version`.",
    cause,
  })
}

function placeOf(path: readonly PropertyKey[]): string {
  return path.length === 0 ? 'the answer' : path.map(String).join('.')
}
