import { withoutNumbers } from '../../lib/text/fold-repeats.ts'
import type { Contract } from '../../verdict/events.ts'
import type { Results } from '../../verdict/results.ts'
import type { TierId } from '../../verdict/tiers.ts'
import { type RunSummary, summaryOf, type TierSummary } from '../run-summary.ts'
import type { Comparability } from './comparable.ts'
import type { LogWarning } from './log-warnings.ts'
import { CHANGE_WORDS, WORSE, type Word, wordOf } from './messages.ts'

/** One run of the two. */
export interface Side {
  readonly results: Results
  /** Null where its logs are gone. */
  readonly logs: ReadonlyMap<string, LogWarning> | null
}

type Comparable = Extract<Comparability, { kind: 'comparable' }>

/** A name on one side only. */
export interface NameChange {
  readonly kind: string
  readonly name: string
  readonly word: 'appeared' | 'disappeared'
}

/** An amount on both sides. Null: not recorded. `notable`: more apart than two runs of the same usually are. */
export interface Amount {
  readonly name: string
  readonly before: number | null
  readonly after: number | null
  readonly notable: boolean
}

export interface TierChange {
  readonly id: TierId
  readonly word: Word
  readonly before: TierSummary
  readonly after: TierSummary
}

/** What is another between two runs of one recipe. The content of `cc-ci runs --diff --json`. */
export interface Comparison {
  readonly schema: 1
  readonly about: Comparable['about']
  readonly differences: Comparable['differences']
  readonly before: RunSummary
  readonly after: RunSummary
  /** `worse`: something fails that did not, or for another cause. `unknown`: nothing is worse, but what passed before was not judged. */
  readonly result: 'worse' | 'unknown' | 'better' | 'same'
  readonly tiers: readonly TierChange[]
  /** Those that are not the same. */
  readonly tests: readonly { readonly title: string; readonly file: string; readonly word: Word }[]
  readonly findings: readonly (NameChange & { readonly message: string })[]
  /** What the operator has to give or gets; null where one of the runs does not say. `must be set` is about a variable. */
  readonly contract: readonly NameChange[] | null
  readonly images: readonly {
    readonly service: string
    readonly before: string | null
    readonly after: string | null
  }[]
  /** In ms: the whole run, then tier by tier where both judged it. */
  readonly times: readonly Amount[]
  /** In bytes, by service. */
  readonly imageSizes: readonly Amount[]
  readonly memory: readonly Amount[]
  /** Warnings in logs that the run before did not write; null where logs of one run are not kept any more. */
  readonly newWarnings: readonly LogWarning[] | null
  /** Pictures that both have, by their path in the run folder. */
  readonly screenshots: readonly { readonly path: string; readonly same: boolean }[]
}

/** Less than this apart says nothing, however large the share. */
const FLOOR = { ms: 10_000, bytes: 16 * 1024 ** 2 } as const
const NOTABLE_SHARE = 1.5

/** The comparison of two runs that may be compared: see `comparable`. */
export function compareRuns(before: Side, after: Side, { about, differences }: Comparable): Comparison {
  const [a, b] = [summaryOf(before.results), summaryOf(after.results)]
  const tiers = tierChanges(a, b)
  const tests = testChanges(before.results, after.results)
  return {
    ...{ schema: 1, about, differences, before: a, after: b },
    result: resultOf(tiers),
    ...{ tiers, tests },
    findings: findingChanges(before.results, after.results),
    contract: contractChanges(before.results.contract, after.results.contract),
    images: imageChanges(before.results, after.results),
    times: times(a, b),
    imageSizes: amounts(sizesOf(before.results), sizesOf(after.results), FLOOR.bytes),
    memory: amounts(memoryOf(before.results), memoryOf(after.results), FLOOR.bytes),
    newWarnings: before.logs && after.logs && newWarnings(before.logs, after.logs),
    screenshots: screenshots(before.results, after.results),
  }
}

function tierChanges(before: RunSummary, after: RunSummary): TierChange[] {
  return after.tiers.flatMap((tier) => {
    const other = before.tiers.find(({ id }) => id === tier.id)
    return other ? [{ id: tier.id, word: wordOf(other, tier), before: other, after: tier }] : []
  })
}

/** A tier that was skipped in both, or left out on purpose, has lost nothing. */
function resultOf(tiers: readonly TierChange[]): Comparison['result'] {
  if (tiers.some(({ word }) => WORSE.includes(word))) return 'worse'
  if (tiers.some(({ word, before, after }) => isLost(word) && before.status === 'pass' && after.status !== 'pass'))
    return 'unknown'
  return tiers.some(({ word }) => word === 'fixed' || word === 'new pass') ? 'better' : 'same'
}

function isLost(word: Word): boolean {
  return word === 'unknown' || word === 'disappeared' || word === 'unstable'
}

const TEST_STATUS = { passed: 'pass', failed: 'fail', skipped: 'skip' } as const

function testChanges(before: Results, after: Results): Comparison['tests'] {
  const [a, b] = [testsOf(before), testsOf(after)]
  const now = [...b].map(([key, test]) => {
    const other = a.get(key)
    const word = other
      ? CHANGE_WORDS[TEST_STATUS[other.status]][TEST_STATUS[test.status]]
      : test.status === 'failed'
        ? 'new failure'
        : 'appeared'
    return { title: test.title, file: test.file, word }
  })
  const gone = [...a].filter(([key]) => !b.has(key)).map(([, test]) => test)
  return [
    ...now.filter(({ word }) => word !== 'same'),
    ...gone.map(({ title, file }) => ({ title, file, word: 'disappeared' as const })),
  ]
}

function testsOf({ tiers }: Results) {
  return new Map(tiers.flatMap(({ id, tests }) => tests.map((test) => [`${id} ${test.file} ${test.title}`, test])))
}

function findingChanges(before: Results, after: Results): Comparison['findings'] {
  const [a, b] = [findingsOf(before), findingsOf(after)]
  const only = (mine: typeof a, others: typeof a, word: NameChange['word']) =>
    [...mine]
      .filter(([key]) => !others.has(key))
      .map(([, { code, where, message }]) => ({ kind: code, name: where ?? '', message, word }))
  return [...only(b, a, 'appeared'), ...only(a, b, 'disappeared')]
}

/** A finding is the same at another line, with other numbers, and in an app of another name. */
function findingsOf({ findings, run }: Results) {
  return new Map(
    findings.map((finding) => {
      const place = finding.where?.replace(/(?::\d+)+$/, '') ?? ''
      const message = finding.message.replaceAll(run.domain, 'DOMAIN').replaceAll(run.stack, 'STACK')
      return [`${finding.code} ${place} ${withoutNumbers(message)}`, { ...finding, message }] as const
    }),
  )
}

const CONTRACT_KINDS = {
  variables: 'variable',
  mustBeSet: 'must be set',
  secrets: 'secret',
  services: 'service',
  volumes: 'volume',
  ports: 'port',
  routes: 'route',
} as const satisfies Record<keyof Contract, string>

function contractChanges(before: Results['contract'], after: Results['contract']): NameChange[] | null {
  if (!before || !after) return null
  return (Object.keys(CONTRACT_KINDS) as (keyof Contract)[]).flatMap((key) => {
    const kind = CONTRACT_KINDS[key]
    const added = after[key].filter((name) => !before[key].includes(name))
    const removed = before[key].filter((name) => !after[key].includes(name))
    return [
      ...added.map((name) => ({ kind, name, word: 'appeared' as const })),
      ...removed.map((name) => ({ kind, name, word: 'disappeared' as const })),
    ]
  })
}

function imageChanges(before: Results, after: Results): Comparison['images'] {
  const imageTexts = ({ images }: Results) =>
    new Map(images.map(({ service, ref, id }) => [service, `${ref} (${id.replace('sha256:', '').slice(0, 12)})`]))
  const [a, b] = [imageTexts(before), imageTexts(after)]
  return unionOf(a, b)
    .map((service) => ({ service, before: a.get(service) ?? null, after: b.get(service) ?? null }))
    .filter((image) => image.before !== image.after)
}

function times(before: RunSummary, after: RunSummary): Amount[] {
  const whole = ({ startedAt, finishedAt }: RunSummary) => Date.parse(finishedAt) - Date.parse(startedAt)
  const judged = ({ tiers }: RunSummary) =>
    new Map(tiers.filter(({ durationMs }) => durationMs > 0).map(({ id, durationMs }) => [id as string, durationMs]))
  const [a, b] = [judged(before), judged(after)]
  const both = [...b.keys()].filter((id) => a.has(id))
  return [
    amount('run', whole(before), whole(after), FLOOR.ms),
    ...both.map((id) => amount(id, a.get(id) ?? null, b.get(id) ?? null, FLOOR.ms)),
  ]
}

function sizesOf({ images }: Results): Map<string, number> {
  return new Map(images.flatMap(({ service, sizeBytes }) => (sizeBytes === undefined ? [] : [[service, sizeBytes]])))
}

function memoryOf({ memory = [] }: Results): Map<string, number> {
  return new Map(memory.map(({ service, bytes }) => [service, bytes]))
}

function amounts(before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>, floor: number): Amount[] {
  return unionOf(before, after).map((name) => amount(name, before.get(name) ?? null, after.get(name) ?? null, floor))
}

function amount(name: string, before: number | null, after: number | null, floor: number): Amount {
  const known = before !== null && after !== null
  const [low, high] = known ? [Math.min(before, after), Math.max(before, after)] : [0, 0]
  return { name, before, after, notable: known && high - low >= floor && high >= NOTABLE_SHARE * low }
}

function newWarnings(before: ReadonlyMap<string, LogWarning>, after: ReadonlyMap<string, LogWarning>): LogWarning[] {
  return [...after].filter(([key]) => !before.has(key)).map(([, warning]) => warning)
}

function screenshots(before: Results, after: Results): Comparison['screenshots'] {
  const pictures = ({ artifacts }: Results) =>
    new Map(artifacts.filter(({ kind }) => kind === 'screenshot').map(({ path, sha256 }) => [path, sha256]))
  const [a, b] = [pictures(before), pictures(after)]
  return [...b].filter(([path]) => a.has(path)).map(([path, sha256]) => ({ path, same: a.get(path) === sha256 }))
}

function unionOf(a: ReadonlyMap<string, unknown>, b: ReadonlyMap<string, unknown>): string[] {
  return [...new Set([...a.keys(), ...b.keys()])].sort()
}
