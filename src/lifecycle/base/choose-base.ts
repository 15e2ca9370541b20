import { rm } from 'node:fs/promises'
import { messageOf, RecipeError } from '../../lib/errors.ts'
import type { RecipeRepo } from '../../recipe/model.ts'
import { resolveRelease } from '../../recipe/repository/repo.ts'
import { refuseBadImages } from '../../recipe/stack/bad-images.ts'
import { type Cause, cause } from '../../verdict/causes.ts'
import type { BaseRef } from '../../verdict/events.ts'
import { type BaseCandidate, type BaseQuery, candidateOf, withData } from './base-candidate.ts'
import type { BaseChoice } from './base-choice.ts'
import { parseChain } from './chain.ts'
import { chainBase } from './chain-base.ts'
import { type Candidates, candidatesOf } from './release-candidates.ts'

/**
 * Pin, then the newest released tag that is an ancestor of head (else of the target branch), then the tip of the target branch: the candidates
 * in their order. Base and head must differ in something that runs: an unpinned choice steps back until one does.
 */
export async function chooseBase(question: BaseQuery): Promise<BaseChoice> {
  const requested = question.requested === 'auto' ? question.settings.upgrade.from : question.requested
  if (question.requested === 'none')
    return { kind: 'none', reason: 'no base wanted (--base none)', considered: [], skip: 'not-selected' }
  if (requested === 'none') return { kind: 'none', reason: 'upgrade.from is none', considered: [], skip: 'declared' }
  const chain = parseChain(requested)
  if (chain) return chainBase(question, chain)
  if (requested !== 'auto') return pinnedBase(question, requested)
  return automaticBase(question)
}

async function pinnedBase(question: BaseQuery, requested: string): Promise<BaseChoice> {
  const { name, commit } = await resolveRelease(question.repo, requested)
  const ref = withData({ version: name, commit, source: 'pin' }, question)
  const candidate = await candidateOf(question, ref)
  if (candidate.differs.length === 0)
    return { kind: 'no-delta', ref, considered: [`${name}: pinned, but runs the same as head`] }
  const data = ref.source === 'canonical' ? ', with the data of its canonical' : ''
  return { kind: 'base', ref, ...candidate, via: [], considered: [`${name}: pinned${data}`] }
}

/**
 * What lint compares head with: the version that the upgrade starts from, or would start from where none is wanted; null where there is none.
 * What it reads for that is gone again from `question.dir`.
 */
export async function comparedByLint(base: BaseChoice, question: BaseQuery): Promise<BaseRef | null> {
  if (base.kind !== 'none' || base.skip === undefined) return refOf(base)
  const automatic = await automaticBase(question)
  await rm(question.dir, { recursive: true, force: true })
  return refOf(automatic)
}

function refOf(base: BaseChoice): BaseRef | null {
  if (base.kind === 'none') return base.same ?? null
  return base.kind === 'unresolved' ? null : base.ref
}

async function automaticBase(question: BaseQuery): Promise<BaseChoice> {
  const { repo, head } = question
  const considered: string[] = []
  if (repo.history.kind === 'partial') return { kind: 'unresolved', considered, cause: historyLacks(repo.history) }
  const candidates = await candidatesOf(repo, head)
  let same: BaseRef | undefined
  for (const { name, ref: bare, why } of candidates.all) {
    if (!bare) {
      considered.push(`${name}: ${why}`)
      continue
    }
    const ref = withData(bare, question)
    const candidate = await tryCandidate(question, ref)
    if (typeof candidate !== 'string') {
      considered.push(`${name}: chosen (${bare.source})${ref === bare ? '' : ', with the data of its canonical'}`)
      return { kind: 'base', ref, ...candidate, via: [], considered }
    }
    considered.push(`${name}: ${candidate}`)
    if (candidate === SAME) same ??= ref
  }
  if (same) return { kind: 'none', reason: 'no older version differs in something that runs', considered, same }
  return { ...noBase(candidates, considered), considered }
}

/** What it means that nothing is left to upgrade from. */
export function noBase({ all, without }: Candidates, considered: readonly string[]) {
  if (all.some(({ ref }) => ref)) {
    const message = 'there are older releases, but none of them can be read, so there is nothing to upgrade from'
    return { kind: 'unresolved', cause: cause('compose-invalid', message, { lines: considered }) } as const
  }
  if (without.kind === 'never') return { kind: 'none', reason: without.reason } as const
  const message = `there are released versions, and head comes after none of them: ${without.tags.join(', ')}`
  const hint = `Merge the commit of the release that operators have, or name it: \`upgrade.from: ${without.tags[0]}\` in cc-ci.yml, or --base.`
  return {
    kind: 'unresolved',
    cause: cause('base-unknown', message, { blame: 'recipe', hint, lines: considered }),
  } as const
}

export function historyLacks({ lacks, remedy, why }: Extract<RecipeRepo['history'], { kind: 'partial' }>): Cause {
  const message = `${lacks}, so the newest version before head is not known${why ? ` (${why})` : ''}`
  return cause('base-unknown', message, { hint: `Type: ${remedy}. Or name the version: --base VERSION.` })
}

const SAME = 'runs the same as head'

async function tryCandidate(question: BaseQuery, ref: BaseRef): Promise<BaseCandidate | string> {
  try {
    const candidate = await candidateOf(question, ref)
    refuseBadImages(candidate.release.stack)
    return candidate.differs.length === 0 ? SAME : candidate
  } catch (error) {
    if (error instanceof RecipeError) return `cannot be resolved (${messageOf(error).split('\n')[0]})`
    throw error
  }
}
