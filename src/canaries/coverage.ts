import { CAUSES, type CauseCode } from '../verdict/causes.ts'
import type { Canary } from './canary.ts'

/** The canaries that end with a cause, in whatever tier, or that must tell it as a finding: those that it decides come first. */
export function canariesOf(code: CauseCode, canaries: Readonly<Record<string, Canary>>): string[] {
  const all = Object.entries(canaries)
  const deciding = all.filter(([, { expect }]) => expect.cause === code)
  const telling = all.filter(
    ([, { expect }]) => Object.values(expect.also ?? {}).includes(code) || expect.findings?.includes(code),
  )
  return [...new Set([...deciding, ...telling].map(([name]) => name))]
}

/** The causes that no canary produces: a diagnosis that nobody has ever seen work. */
function uncovered(canaries: Readonly<Record<string, Canary>>): CauseCode[] {
  return (Object.keys(CAUSES) as CauseCode[]).filter((code) => canariesOf(code, canaries).length === 0)
}

/** What is wrong with a set as a whole, one line each: a cause without a canary, a canary that asks for no check. */
export function canaryProblems(canaries: Readonly<Record<string, Canary>>): string[] {
  const causes = uncovered(canaries).map(
    (code) => `cause ${code}: no canary in src/canaries/set/ ends with it; add one, or take the cause out of the table`,
  )
  const empty = Object.entries(canaries)
    .filter(([, { expect }]) => expect.verdict !== 'refused' && Object.keys(expect.checks).length === 0)
    .map(([name]) => `canary ${name}: names no check that must have run`)
  return [...causes, ...empty]
}
