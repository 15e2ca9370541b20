import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { appOf } from '../../fixtures/apps/index.ts'
import { buildRecipe, REAL_RECIPES } from '../../fixtures/recipes/build.ts'
import { CANARIES } from '../../src/canaries/set/index.ts'
import { exec, inheritedEnv } from '../../src/lib/process/exec.ts'
import { readEvents } from '../../src/verdict/event-log.ts'
import type { RunEvent } from '../../src/verdict/events.ts'
import type { Evidence } from '../../src/verdict/evidence.ts'
import { fold } from '../../src/verdict/fold.ts'

/**
 * `node scripts/prove/compare-witnesses.ts [NAME...]`: proves that a witness breaks no app. Every fixture recipe (or those named) is judged twice,
 * as usual and with `witness: false`, and the two must end alike, tier by tier: outcome, cause, findings, leaks. A tier without a
 * witness is never a pass, so the second run is folded as if its app had no data to watch: what is left to differ is what a
 * witness does to an app, and what only a witness can see. Where the app has no file of its own, the restore of the second run has none to
 * bring back; that too is taken as read. Exits with 1 when anything else differs.
 */
const SIDE_BY_SIDE = Number(process.env.SIDE_BY_SIDE ?? 2)
const LAUNCHER = join(import.meta.dirname, '..', '..', 'bin', 'cc-ci')
const WATCHED: readonly string[] = ['upgrade', 'restore', 'resilience']
/** Findings that say that nothing was watched. */
const UNWATCHED: readonly string[] = ['data-unwatched', 'nothing-restored']
/** Causes that a witness finds and nothing else. */
const FOUND_BY_WITNESS: readonly unknown[] = ['data-lost', 'restore-no-effect']

interface Ended {
  readonly tiers: ReadonlyMap<string, string>
  readonly cause: ReadonlyMap<string, string | undefined>
  readonly rest: string
  readonly witnesses: number
  readonly seconds: number
}

const dir = mkdtempSync(join(tmpdir(), 'cc-ci-witnesses-'))
const names = process.argv.slice(2).length > 0 ? process.argv.slice(2) : [...REAL_RECIPES, ...undisturbed()]
const waiting = [...names]
let [alike, found, different, watched] = [0, 0, 0, 0]
try {
  await Promise.all(Array.from({ length: SIDE_BY_SIDE }, work))
} finally {
  rmSync(dir, { recursive: true, force: true })
}
process.stdout.write(
  `${names.length} recipes, each with and without witnesses (${watched} rows of witnesses): ${alike} end alike, ${found} differ in what only a witness sees, ${different} differ\n`,
)
process.exitCode = different > 0 ? 1 : 0

async function work(): Promise<void> {
  for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
    const { dir: recipe } = await buildRecipe(name, join(dir, name, name))
    const usual = await judge(name, recipe, 'auto')
    const without = await judge(name, recipe, false)
    const { text, expected } = difference(usual, without)
    watched += usual.witnesses
    if (text === '') alike += 1
    else if (expected) found += 1
    else different += 1
    const said = text === '' ? 'alike' : `${expected ? 'only a witness sees it' : 'DIFFERENT'}: ${text}`
    process.stdout.write(
      `${name.padEnd(28)}${usual.seconds.toFixed(0).padStart(4)} s${without.seconds.toFixed(0).padStart(4)} s  ${said}\n`,
    )
  }
}

async function judge(name: string, recipe: string, witness: 'auto' | false): Promise<Ended> {
  const state = join(dir, name, `state-${witness}`)
  const settings = join(dir, name, `settings-${witness}`)
  mkdirSync(join(settings, name), { recursive: true })
  writeFileSync(join(settings, name, 'cc-ci.yml'), `witness: ${witness}\n`)
  const file = join(dir, name, `results-${witness}.json`)
  const base = name === 'pocketbase' ? ['--base', '1.0.0+0.30.4'] : (CANARIES[name]?.args ?? appOf(name)?.args ?? [])
  const args = ['test', recipe, '--recipes', settings, '--state', state, '--json', file, '--approve-code', ...base]
  const begun = performance.now()
  const { stderr } = await exec(LAUNCHER, args, {
    timeoutMs: 1_800_000,
    graceMs: 90_000,
    env: inheritedEnv(),
    cwd: dir,
  })
  const seconds = (performance.now() - begun) / 1000
  if (!existsSync(file)) throw new Error(`${name}: no results: ${stderr}`)
  const { run } = JSON.parse(readFileSync(file, 'utf8')) as { run: { id: string } }
  return ended(readEvents(join(state, 'runs', run.id, 'events.ndjson')), seconds)
}

/** Canaries that are all recipe: what is done to a run from outside would come twice. */
function undisturbed(): string[] {
  return Object.entries(CANARIES).flatMap(([name, { disturbance, expect }]) =>
    disturbance || expect.verdict === 'refused' ? [] : [name],
  )
}

function ended(events: readonly RunEvent[], seconds: number): Ended {
  const { tiers, findings, leaks, flags } = fold(withoutNeed(events))
  const rows = events.flatMap((event) =>
    event.type === 'evidence' && event.evidence.kind === 'witness' && 'witnesses' in event.evidence
      ? event.evidence.witnesses
      : [],
  )
  return {
    tiers: new Map(tiers.map(({ id, status, cause }) => [id, cause ? `${status} (${cause.code})` : status])),
    cause: new Map(tiers.map(({ id, cause }) => [id, cause?.code])),
    rest: JSON.stringify([
      [...new Set(findings.map(({ code }) => code))].filter((code) => !UNWATCHED.includes(code)).sort(),
      leaks,
      flags,
    ]),
    witnesses: rows.length,
    seconds,
  }
}

/** A tier that ended and has no witness gets the evidence of an app without data, and of a file that came back. */
function withoutNeed(events: readonly RunEvent[]): RunEvent[] {
  const has = (tier: string, kind: string) =>
    events.some((event) => event.type === 'evidence' && event.tier === tier && event.evidence.kind === kind)
  const snapshot = events.find((event) => event.type === 'evidence' && event.evidence.kind === 'snapshot')
  const id = snapshot?.type === 'evidence' && snapshot.evidence.kind === 'snapshot' ? snapshot.evidence.id : ''
  return events.flatMap((event) => {
    if (event.type !== 'tier.ended' || !WATCHED.includes(event.tier) || has(event.tier, 'witness')) return [event]
    const pieces: Evidence[] = [{ kind: 'witness', none: 'not looked for in this comparison' }]
    if (event.tier === 'restore' && !has('restore', 'restored'))
      pieces.push({ kind: 'restored', snapshot: id, files: 1 })
    const { seq, at, tier } = event
    return [...pieces.map((evidence) => ({ seq, at, type: 'evidence', tier, evidence }) as const), event]
  })
}

function difference(usual: Ended, without: Ended): { text: string; expected: boolean } {
  const rows = [...usual.tiers].filter(([tier, outcome]) => without.tiers.get(tier) !== outcome)
  const parts = rows.map(([tier, outcome]) => `${tier} ${outcome}, without ${without.tiers.get(tier)}`)
  if (usual.rest !== without.rest) parts.push(`${usual.rest}, without ${without.rest}`)
  const [first] = rows
  const expected =
    rows.length === parts.length && first !== undefined && FOUND_BY_WITNESS.includes(usual.cause.get(first[0]))
  return { text: parts.join('; '), expected }
}
