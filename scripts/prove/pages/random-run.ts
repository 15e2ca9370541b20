// cspell:ignore ترقية قاعدة البيانات فشلت
import { CAUSES, type CauseCode, cause } from '../../../src/verdict/causes.ts'
import type { EventDraft, RunEvent } from '../../../src/verdict/events.ts'
import { TIER_IDS, type TierId } from '../../../src/verdict/tiers.ts'
import { HOSTILE } from '../../../test/report/sample-runs.ts'
import { HEADER, passingStream, passingTier } from '../../../test/verdict/passing-stream.ts'

const WORDS = [
  'app ended 3 times: it ended with exit code 1',
  'https://a-rather-long-host-name.example.org/with/a/path/that/does/not/break/anywhere/at/all?and=a&query=too',
  `${'long'.repeat(60)}`,
  'ترقية قاعدة البيانات فشلت 数据库迁移失败 🚧',
  'the column `posts.slug` of table `posts` is missing',
  ...HOSTILE,
]

/** The same run for the same seed: any mix of outcomes, causes, tests, findings and texts. */
export function randomRun(seed: number): RunEvent[] {
  const random = generator(seed)
  const pick = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)] as T
  const maybe = <T>(chance: number, made: () => readonly T[]): readonly T[] => (random() < chance ? made() : [])
  const words = () => pick(WORDS)
  const lines = () => Array.from({ length: Math.floor(random() * 30) }, words)
  const tiers = Object.fromEntries(
    TIER_IDS.map((tier) => [tier, tierEvents(tier, random(), { pick, maybe, words, lines, random })]),
  ) as Partial<Record<TierId, EventDraft[]>>
  return passingStream(tiers, {
    recipe: {
      ...HEADER.recipe,
      name: pick(['hello', 'a-recipe-with-a-rather-long-name', words()]),
      dirty: random() < 0.2,
    },
    base: random() < 0.2 ? null : HEADER.base,
    customization: { ...HEADER.customization, refused: [...maybe(0.2, () => [words(), 'hooks.ts'])] },
  })
}

interface Chance {
  readonly pick: <T>(all: readonly T[]) => T
  readonly maybe: <T>(chance: number, made: () => readonly T[]) => readonly T[]
  readonly words: () => string
  readonly lines: () => string[]
  readonly random: () => number
}

function tierEvents(tier: TierId, dice: number, { pick, maybe, words, lines, random }: Chance): EventDraft[] {
  if (dice < 0.12) return [{ type: 'tier.skipped', tier, kind: 'structural', reason: words() }]
  if (dice < 0.2 && tier !== 'lint' && tier !== 'install') return [{ type: 'tier.blocked', tier, by: 'install' }]
  const passing = passingTier(tier)
  const more: EventDraft[] = [
    ...maybe(0.3, () => [
      {
        type: 'finding',
        code: pick(['R015', words()]),
        severity: 'warning',
        message: words(),
        where: 'compose.yml:1:1',
      } as const,
    ]),
    ...maybe(0.3, () =>
      Array.from({ length: 1 + Math.floor(random() * 6) }, (): EventDraft => {
        const status = pick(['passed', 'failed', 'skipped'] as const)
        const error = status === 'failed' ? { error: lines().join('\n') || 'it failed' } : {}
        return {
          type: 'test',
          tier,
          test: { title: words(), file: 'tests/custom/a.spec.ts', status, durationMs: random() * 1e5, ...error },
        }
      }),
    ),
    ...maybe(0.2, () => [{ type: 'accommodation', text: words() } as const]),
  ]
  if (dice > 0.5) return [...passing.slice(0, -1), ...more, ...passing.slice(-1)]
  const code = pick(Object.keys(CAUSES) as CauseCode[])
  const found = cause(code, words(), { service: pick(['app', 'db', words()]), lines: lines() })
  const outcome = dice > 0.3 ? 'fail' : 'unverified'
  return [
    ...passing.slice(0, 3),
    ...more,
    { type: 'check', tier, name: words(), outcome, cause: found },
    { type: 'tier.ended', tier },
  ]
}

/** A linear congruential generator, 0 up to 1. */
function generator(seed: number): () => number {
  let state = (seed * 2_654_435_761) % 4_294_967_296
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296
    return state / 4_294_967_296
  }
}
