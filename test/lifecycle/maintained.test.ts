import { join } from 'node:path'
import { expect, test } from 'vitest'
import { planRun, type RunPlan } from '../../src/lifecycle/plan.ts'
import { folder } from '../recipe/throwaway.ts'
import { Maintainer, type Recorded, type RecordedTag, repositoryOf } from './maintained.ts'

/** How a recipe is kept; each works through some cycles of "change, change, release". */
const HABITS: Readonly<Record<string, (seed: number) => Maintainer>> = {
  'everything on main'(seed) {
    const work = new Maintainer(seed)
    for (const part of ['minor', 'patch', 'patch', 'major', 'minor', 'patch', 'minor'] as const) {
      work.changes('main')
      work.release('main', part)
    }
    work.changes('main')
    return work
  },
  'a branch for each change, merged'(seed) {
    const work = new Maintainer(seed)
    for (let i = 0; i < 6; i++) {
      const from = work.at('main')
      work.branch(`topic-${i}`, from)
      work.changes(`topic-${i}`)
      if (work.chance(0.6)) work.commit('main', { readme: `meanwhile ${i}` })
      if (i === 3) work.release('main', 'patch')
      work.merge(`topic-${i}`, 'main', from)
      if (i > 0) work.release('main', 'minor')
    }
    return work
  },
  'an older line that is fixed beside main'(seed) {
    const work = new Maintainer(seed)
    work.changes('main')
    work.releaseAs('main', '1.0.0')
    work.branch('1.x', work.at('main'))
    for (let i = 1; i <= 4; i++) {
      work.changes('main')
      work.releaseAs('main', `2.${i}.0`)
      work.changes('1.x')
      work.releaseAs('1.x', `1.0.${i}`)
    }
    work.changes('1.x')
    work.changes('main')
    return work
  },
  'labels forgotten, tags not annotated, release candidates'(seed) {
    const work = new Maintainer(seed)
    work.changes('main')
    work.release('main', 'minor', { annotated: false })
    work.changes('main')
    work.release('main', 'minor', { label: false })
    work.changes('main')
    work.releaseAs('main', '2.0.0-rc.1')
    work.changes('main')
    work.releaseAs('main', '2.0.0-rc.2', { label: false })
    work.changes('main')
    work.releaseAs('main', '2.0.0')
    work.changes('main')
    work.releaseAs('main', '2.0.1', { annotated: false })
    work.changes('main')
    work.releaseAs('main', '2.1.0', { label: false })
    work.changes('main')
    work.releaseAs('main', '2.1.1')
    work.changes('main')
    return work
  },
  'squashed pull requests, and main pushed over once'(seed) {
    const work = new Maintainer(seed)
    work.changes('main')
    work.release('main', 'minor')
    const kept = work.at('main')
    work.changes('main')
    work.release('main', 'minor')
    work.changes('main')
    work.branch('main', kept)
    for (let i = 0; i < 5; i++) {
      work.branch(`topic-${i}`, work.at('main'))
      work.changes(`topic-${i}`)
      if (i === 2) work.release(`topic-${i}`, 'minor')
      work.squash(`topic-${i}`, 'main')
      if (i % 2 === 0) work.release('main', 'patch')
    }
    return work
  },
}

/** By the record alone, without git: what has `commit` in its past. */
function past(commits: readonly Recorded[], commit: number): Set<number> {
  const seen = new Set<number>()
  const open = [commit]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (seen.has(next)) continue
    seen.add(next)
    open.push(...(commits[next]?.parents ?? []))
  }
  return seen
}

/** A version as one number: three places of two digits, and a release candidate below its release. */
function rank(tag: string): number {
  const [, major, minor, patch, candidate] = /^(\d+)\.(\d+)\.(\d+)(?:-rc\.(\d+))?\+/.exec(tag) ?? []
  return Number(major) * 1e6 + Number(minor) * 1e4 + Number(patch) * 100 + (candidate ? Number(candidate) : 99)
}

/** What operators see of a commit: what runs, never its words or labels. */
function runs(commits: readonly Recorded[], commit: number): string {
  const { image, level, conf } = (commits[commit] as Recorded).state
  return `${image} ${level} ${conf}`
}

/** The base of `head` by the rule, told from the record; a dash and a word where there is none. */
function expected({ commits, tags, branches }: Maintainer, head: number): string {
  const released = tags.filter(({ annotated }) => annotated).sort((a, b) => rank(b.name) - rank(a.name))
  const mine = past(commits, head)
  const ofMain = past(commits, branches.get('main') as number)
  const later = (at: number) => past(commits, at).has(head)
  const before = released.filter(({ at }) => at !== head && mine.has(at))
  const beside = released.filter(({ at }) => ofMain.has(at) && !later(at))
  const usable: RecordedTag[] = before.length > 0 ? before : beside
  const differing = usable.find(({ at }) => runs(commits, at) !== runs(commits, head))
  if (differing) return differing.name
  return usable.length === 0 && released.some(({ at }) => !later(at)) ? '-unverified' : '-skip'
}

function found({ base, skips }: RunPlan): string {
  if (base.kind === 'base') return base.ref.version
  return skips.has('upgrade') ? '-skip' : '-unverified'
}

test.each(Object.entries(HABITS).map(([habit, of], i) => [habit, of, 1400 + i] as const))(
  'every commit of a recipe kept like this has the right base: %s',
  async (_habit, of, seed) => {
    const work = of(seed)
    const { dir, ids } = await repositoryOf(work)
    const scratch = await folder({})
    const wrong: string[] = []
    const bases = new Set<string>()
    for (const [commit, id] of ids.entries()) {
      const at = join(scratch, String(commit))
      const plan = await planRun({
        ...{ recipe: dir, ref: id, base: 'auto', runId: '20261129-120000-abc123' },
        folder: { checkout: join(at, 'head'), checkoutBase: join(at, 'base'), checkoutVia: join(at, 'via'), tmp: at },
      })
      const [is, should] = [found(plan), expected(work, commit)]
      bases.add(is)
      if (is !== should) wrong.push(`c${commit}: ${is}, and should be ${should}; ${plan.base.considered.join('; ')}`)
    }
    expect(wrong).toEqual([])
    expect(ids.length).toBeGreaterThanOrEqual(20)
    expect(bases.size).toBeGreaterThanOrEqual(4)
  },
)
