import { join } from 'node:path'
import { RecipeError, UsageError } from '../../lib/errors.ts'
import { isWithin, resolveRelease } from '../../recipe/repository/repo.ts'
import { compareVersions } from '../../recipe/repository/versions.ts'
import { type Cause, cause } from '../../verdict/causes.ts'
import type { BaseRef } from '../../verdict/events.ts'
import { upgradedRelease } from '../planning/release.ts'
import { type BaseCandidate, type BaseQuery, candidateOf, withData } from './base-candidate.ts'
import type { BaseChoice, ChainStep } from './base-choice.ts'
import type { Chain } from './chain.ts'
import { runningDifference } from './difference.ts'
import { minorOf, newestOfMinors } from './minors.ts'
import { candidatesOf } from './release-candidates.ts'

interface Stop {
  readonly version: string
  readonly commit: string
}

/**
 * The first release of the chain as the base, and the others as the way from there to head. Each must run something else than the one before it: one
 * that was named and does not is no upgrade to judge, one that the open end stands for is left out. Throws UsageError for what names nothing or goes back.
 */
export async function chainBase(question: BaseQuery, chain: Chain): Promise<BaseChoice> {
  const first = stopOf(await resolveRelease(question.repo, chain.first))
  const named = chain.open ? await laterMinors(question, first) : await namedStops(question, first, chain)
  const considered = [`${first.version}: the chain begins here`]
  const start: BaseRef = withData({ ...first, source: 'pin' }, question)
  const base = await candidateOf(question, start)
  const way: { stop: Stop; candidate: BaseCandidate }[] = []
  let before = { stop: first, candidate: base }
  for (const stop of named) {
    const here = await theWayTo(question, stop, way.length + 1)
    if ('code' in here) return { kind: 'unresolved', cause: here, considered }
    const differs = runningDifference(before.candidate.release, here.candidate.release)
    // Head as the next one is looked at below, for all of them.
    const same = differs.length === 0 || (chain.open && here.candidate.differs.length === 0)
    if (same && !chain.open) return { kind: 'unresolved', cause: sameAsBefore(before.stop, stop), considered }
    considered.push(`${stop.version}: ${same ? 'runs the same as its neighbour, left out' : 'on the way'}`)
    if (same) continue
    before = { stop, candidate: here.candidate }
    way.push(before)
  }
  const via = way.map(({ stop }) => stop)
  const ref: BaseRef = via.length === 0 ? start : { ...start, via }
  const { differs } = before.candidate
  if (differs.length === 0)
    return { kind: 'no-delta', ref, considered: [...considered, `${before.stop.version} runs the same as head`] }
  const steps = await stepsOf(question, base, way)
  if ('code' in steps) return { kind: 'unresolved', cause: steps, considered }
  return { kind: 'base', ref, ...base, differs, via: steps, considered }
}

function stopOf({ name, commit }: { readonly name: string; readonly commit: string }): Stop {
  return { version: name, commit }
}

async function namedStops({ repo }: BaseQuery, first: Stop, { stops: names }: Chain): Promise<Stop[]> {
  const stops: Stop[] = []
  for (const name of names) {
    const stop = stopOf(await resolveRelease(repo, name))
    const last = stops.at(-1) ?? first
    if (await isWithin(repo, stop.commit, last.commit)) {
      throw new UsageError('bad-chain', `${stop.version} does not come after ${last.version}`, {
        hint: 'Name the releases of a chain in the order in which operators meet them, oldest first.',
      })
    }
    stops.push(stop)
  }
  return stops
}

/** The newest patch of every minor that comes after the one of `first` and before head, oldest first. */
async function laterMinors({ repo, head }: BaseQuery, first: Stop): Promise<Stop[]> {
  const minor = minorOf(first.version)
  if (minor === null) {
    throw new UsageError('bad-chain', `${first.version} is no release, so nobody knows which minors come after it`, {
      hint: 'Begin an open chain with a version: 1.2.0.. - or name its releases: COMMIT..1.3.0.',
    })
  }
  const released = (await candidatesOf(repo, head)).all.flatMap(({ ref }) => (ref?.source === 'tag' ? [ref] : []))
  const later = released.filter(
    ({ version }) => compareVersions(version, first.version) > 0 && minorOf(version) !== minor,
  )
  return newestOfMinors(later)
    .map(({ version, commit }) => ({ version, commit }))
    .reverse()
}

async function theWayTo(
  question: BaseQuery,
  stop: Stop,
  number: number,
): Promise<{ readonly candidate: BaseCandidate } | Cause> {
  try {
    const ref = { ...stop, source: 'pin' } as const
    return { candidate: await candidateOf(question, ref, join(question.viaDir, `${number}`)) }
  } catch (error) {
    return unreadable(stop, error, 'cannot be read')
  }
}

/** Each as operators have it who came from the base: with the env file of that, and what they were told to add. */
async function stepsOf(
  { settings }: BaseQuery,
  { tree }: BaseCandidate,
  way: readonly { readonly stop: Stop; readonly candidate: BaseCandidate }[],
): Promise<ChainStep[] | Cause> {
  const steps: ChainStep[] = []
  for (const { stop, candidate } of way) {
    try {
      const { source } = candidate
      steps.push({ ref: stop, source, release: await upgradedRelease(source, tree, settings) })
    } catch (error) {
      return unreadable(stop, error, 'does not resolve with the env file of the base')
    }
  }
  return steps
}

function unreadable({ version }: Stop, error: unknown, what: string): Cause {
  if (!(error instanceof RecipeError)) throw error
  return cause('compose-invalid', `${version}, on the way to head, ${what}: ${error.message}`, {
    hint: `It is a released version, not your change: leave it out of the chain. ${error.hint ?? ''}`.trim(),
  })
}

function sameAsBefore(before: Stop, stop: Stop): Cause {
  return cause('no-version-delta', `${stop.version}, on the way to head, runs exactly what ${before.version} runs`)
}
