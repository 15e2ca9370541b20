import type { Canary } from '../../../src/canaries/canary.ts'
import { expectedCells } from '../../../src/canaries/table.ts'
import { formatDuration } from '../../../src/lib/text/duration.ts'
import type { EnvironmentFacts } from '../../../src/verdict/events.ts'
import { cell } from '../../docs/pages/markdown-page.ts'
import type { ImageFacts } from './image-facts.ts'
import { COLUMNS, type LifeFacts } from './life-facts.ts'
import { seconds } from './summary-table.ts'

const GIB = 1024 ** 3
const NOTICE = '<!-- Written by `npm run test:apps` from a run of all apps and all faults. -->'
const BEGIN = '<!-- Written by `npm run test:apps`. -->'
const END = '<!-- End of what is written. -->'

interface FaultFacts {
  readonly name: string
  readonly canary: Canary
  /** Where it was caught. */
  readonly found: { readonly tier: string | null; readonly cause: string | null; readonly blame: string | null }
  readonly seconds: number
}

export interface SuiteFacts {
  readonly lives: readonly LifeFacts[]
  readonly faults: readonly FaultFacts[]
  readonly machine: EnvironmentFacts
  readonly version: string
  readonly startedAt: string
  readonly seconds: number
  readonly jobs: number
}

/** `docs/reference/apps.md`: what was judged, where, and what came of it. No path and no name of the machine. */
export function appsPage({ lives, faults, machine, version, startedAt, jobs, ...suite }: SuiteFacts): string {
  const apps = lives.toSorted((a, b) => (a.recipe < b.recipe ? -1 : 1))
  const planted = faults.toSorted((a, b) => (a.name < b.name ? -1 : 1))
  return `${[
    NOTICE,
    '# Real applications',
    'Released versions of real software in recipes as a maintainer would publish them (`fixtures/recipes/`, one row each in `fixtures/apps/`), each judged by `cc-ci test` with the settings that users have. `npm run test:apps` plays them all, `npm run test:apps NAME` one of them. It is red unless each ends at its level at the first attempt, with every tier, every test by name and all its data seen over upgrade and restore, and every planted fault ends at its tier with its cause.',
    [
      `- **When and with what**: ${startedAt.slice(0, 10)}, cc-ci ${version}, ${formatDuration(suite.seconds * 1000)} for ${apps.length} apps and ${planted.length} faults, ${jobs} at a time`,
      `- **Where**: engine ${machine.engine} (API ${machine.api}), ${machine.cpus} processors, ${(machine.memoryBytes / GIB).toFixed(0)} GiB, load ${machine.load.map((value) => value.toFixed(1)).join(' ')} before the first one`,
    ].join('\n'),
    'Seconds are those of each tier, beside the other runs; MB are the images of head.',
    lifeTable(apps),
    '## What each proves',
    ...apps.map(lifeSection),
    '## Planted faults',
    'Releases that upstream or a maintainer could have published: head of the app with one thing changed.',
    faultTable(planted),
  ].join('\n\n')}\n`
}

function lifeTable(lives: readonly LifeFacts[]): string {
  return [
    `| app | releases | level | seconds | ${COLUMNS.join(' | ')} | MB |`,
    `|---|---|---|---|${COLUMNS.map(() => '---').join('|')}|---|`,
    ...lives.map((life) => {
      const times = COLUMNS.map((tier) => seconds(life.tiers[tier]))
      const cells = [
        life.recipe,
        life.releases.join(' → '),
        life.level,
        life.seconds.toFixed(0),
        ...times,
        life.imageMegabytes.toFixed(0),
      ]
      return `| ${cells.join(' | ')} |`
    }),
  ].join('\n')
}

function lifeSection({ recipe, proves, data, tests }: LifeFacts): string {
  return [
    `### ${recipe}`,
    `${proves}.`,
    [
      ...data.map(({ subject, seen }) => `- \`${subject}\` ${seen}`),
      ...tests.map(({ tier, titles }) => `- tests of ${tier}: ${titles.join('; ')}`),
    ].join('\n'),
  ].join('\n\n')
}

function faultTable(faults: readonly FaultFacts[]): string {
  return [
    '| fault | what the release does | expected | caught at | cause | blame | seconds |',
    '|---|---|---|---|---|---|---|',
    ...faults.map(({ name, canary, found, seconds: took }) => {
      const { tier, cause } = expectedCells(canary)
      const others = canary.expect.or
      const expected = [
        [tier, ...(others?.tiers ?? [])].join(' or '),
        [cause, ...(others?.causes ?? [])].join(' or '),
      ].join(': ')
      const cells = [name, cell(canary.about), expected, found.tier, found.cause, found.blame, took.toFixed(0)]
      return `| ${cells.join(' | ')} |`
    }),
  ].join('\n')
}

/** The page with the table of images put between its marks. An image that was there keeps the seconds that the page has. */
export function withImages(page: string, images: readonly ImageFacts[]): string {
  const [before = '', rest = ''] = page.split(BEGIN)
  const [former = '', after = ''] = rest.split(END)
  return `${before}${BEGIN}\n\n${imageTable(images, buildSecondsIn(former))}\n\n${END}${after}`
}

function imageTable(images: readonly ImageFacts[], former: ReadonlyMap<string, string>): string {
  return [
    '| image | MB | built in | stands on | used by |',
    '|---|---|---|---|---|',
    ...images.map(({ tag, megabytes, buildSeconds, from, recipes }) => {
      const took = buildSeconds === null ? (former.get(tag) ?? '–') : `${buildSeconds.toFixed(1)} s`
      return `| \`${tag}\` | ${megabytes.toFixed(0)} | ${took} | ${from ? `\`${from}\`` : '–'} | ${recipes.join(', ') || '–'} |`
    }),
  ].join('\n')
}

function buildSecondsIn(table: string): Map<string, string> {
  return new Map(
    [...table.matchAll(/^\| `([^`]+)` \| \d+ \| ([^|]+) \|/gm)].map(([, tag = '', took = '']) => [tag, took]),
  )
}
