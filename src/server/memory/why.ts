import { newRunId } from '../../lib/ids.ts'
import type { RunRequest, Why } from '../contract/request.ts'
import type { RunRow, Store } from '../contract/store.ts'
import type { AgainstBase } from './against-base.ts'

/** How many runs' deadlines an attribution may take in all: the last one begins when one is left. */
const RUNS_TIME = 4

export type WhyOffer =
  | { readonly kind: 'offered'; readonly why: Omit<Why, 'runDeadlineMs'> }
  /** Why there is nothing to find out: for people, without markup. */
  | { readonly kind: 'not'; readonly reason: string }

/** Whether it can be asked what made a run red: where the last run of its base that it may be compared with was green. */
export function whyOffer({ request, state, outcome }: RunRow, against: AgainstBase | null): WhyOffer {
  if (request.why || state !== 'done' || outcome?.verdict !== 'fail') return no('there is no red run of this commit')
  if (!against) return no('its results cannot be read')
  if (against.kind === 'none') return no(`it is not compared with ${against.branch}: ${against.why.join('; ')}`)
  const { branch, base, comparison, before } = against
  const { verdict } = comparison.before
  if (verdict !== 'pass')
    return no(`${branch} at ${base.commit.slice(0, 12)} is no green one: run ${before.run} ended with ${verdict}`)
  if (base.commit === request.commit) return no(`it changes nothing: it is ${branch} itself`)
  const only = tiersToRed(comparison.after.tiers)
  if (only.length === 0) return no('none of its tiers is red')
  return { kind: 'offered', why: { run: request.id, old: base.commit, baseline: before.run, only } }
}

function no(reason: string): WhyOffer {
  return { kind: 'not', reason }
}

type Tiers = Extract<AgainstBase, { kind: 'compared' }>['comparison']['after']['tiers']

/** All that was judged up to the last red tier: a tier may be red for what an earlier one did. The teardown always comes. */
function tiersToRed(tiers: Tiers): Why['only'] {
  const last = tiers.findLastIndex(({ status }) => status === 'fail')
  const judged = tiers.slice(0, last + 1).filter(({ id, status }) => status !== 'not-judged' && id !== 'teardown')
  const ids = judged.map(({ id }) => id)
  return last === -1 || ids.length > 0 ? ids : ['install']
}

/** Runs of one pull request that are looked through. */
const KNOWN = 100

/** The newest attribution of a run; null: nobody asked. */
export async function newestAttribution(store: Pick<Store, 'runs'>, { request }: RunRow): Promise<RunRow | null> {
  const { id, repository, pull } = request
  const runs = pull ? await store.runs({ repository, pull: pull.number, limit: KNOWN }) : []
  return runs.find((row) => row.request.why?.run === id) ?? null
}

export interface WhyRequester {
  readonly by: string | null
  /** The comment that asked; null: an operator did. */
  readonly comment: number | null
  readonly memoryBytes: number
  readonly runDeadlineMs: number
  /** Epoch ms. */
  readonly now: number
}

/** The request of an attribution. It is served after all that people wait for: they have a verdict already. */
export function whyRequest(
  { request: red }: RunRow,
  why: Omit<Why, 'runDeadlineMs'>,
  requester: WhyRequester,
): RunRequest {
  const { by, comment, memoryBytes, runDeadlineMs, now } = requester
  const { repository, commit, base, quick } = red
  return {
    ...{ schema: 1, id: newRunId(now), attemptOf: null, at: new Date(now).toISOString(), priority: 'sweep' },
    ...{ repository, commit, base, quick, memoryBytes, deadlineMs: RUNS_TIME * runDeadlineMs },
    pull: red.pull && { ...red.pull, comment, author: by },
    why: { ...why, runDeadlineMs },
  }
}
