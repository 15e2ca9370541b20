import { cp } from 'node:fs/promises'
import { join } from 'node:path'
import { secretValuesOf } from '../config/secret-names.ts'
import { type ChosenDeployer, DEPLOYERS } from '../deploy/deployers.ts'
import { pinNewest, type UpgradeFolder, upgradeFolder, writeTable, writeView } from '../history/upgrades/store.ts'
import {
  rowNotBegun,
  rowWithoutRun,
  type UpgradeRow,
  type UpgradeTable,
  upgradeRow,
  upgradeVerdictOf,
} from '../history/upgrades/table.ts'
import { EXIT, messageOf, UsageError } from '../lib/errors.ts'
import { newRunId } from '../lib/ids.ts'
import { Masker } from '../lib/masking/mask.ts'
import { toolIdentity } from '../lib/version.ts'
import { type LegBase, type PlannedLeg, planLegs } from '../lifecycle/base/planned-legs.ts'
import { type Legs, legsOf } from '../lifecycle/base/requested-bases.ts'
import { type Head, type PlanRequest, planHead } from '../lifecycle/plan.ts'
import { discardRun, reserveRun } from '../lifecycle/run-folder.ts'
import { planWithCanonical } from '../lifecycle/stored-data/with-canonical.ts'
import { RUN_VARIABLE } from '../lifecycle/take-down.ts'
import { stateDir } from '../machine/state-dir.ts'
import { wantsColor } from '../report/text/colors.ts'
import { upgradeTableHtml } from '../report/upgrades/html.ts'
import { upgradeTableMarkdown } from '../report/upgrades/markdown.ts'
import { upgradeTableText } from '../report/upgrades/text.ts'
import { exitCodeOf } from '../verdict/exit-code.ts'
import type { Results } from '../verdict/results.ts'
import { copyResults, readyHost, runAndShow, type Screen, type TestOptions, writeJsonTo } from './support/one-run.ts'
import { listenForSignals } from './support/signals.ts'
import { canonicalOptions, withHead } from './support/with-plan.ts'

/** From the folder of a table to those of runs. */
const RUNS = '../../runs'

/**
 * `cc-ci test --base 1.2.0,1.3.0`: a run for each base, all of them to the same files of head, each as `cc-ci test --base` of it alone would be, and one
 * table of what they found. Exit 0 all pass, 1 one fails, 3 one could not be judged, or there was nothing to upgrade from.
 */
export function testSeveral(recipe: string, options: TestOptions, bases: readonly string[]): Promise<number> {
  refuseTogether(options)
  return withHead(recipe, options, async (head, request, planning) => {
    using interruption = listenForSignals(undefined, { supervised: options.supervised === true })
    const { signal } = interruption
    const state = stateDir(options.state)
    const screen = options.json === '-' ? process.stderr : process.stdout
    const { considered, nothing, planned } = await planning(async () => {
      const { legs, ...found } = await legsOf(head, bases)
      return { ...found, planned: await planLegs(head, request, { legs, wish: canonicalOptions(options) }) }
    })
    const deployer = await DEPLOYERS[options.deployer].choose()
    const begun = await openTable({ head, request, state, options, considered, nothing })
    let stopped: number | null = null
    for (const [at, leg] of planned.entries()) {
      if (leg.kind !== 'judged') begun.add(rowWithoutRun(leg))
      else if (stopped !== null) begun.add(rowNotBegun(leg.base))
      else {
        screen.write(`\nupgrade ${at + 1} of ${planned.length}: from ${wayOf(leg.base)}\n`)
        const results = await judge({ leg, head, request, deployer, signal, screen, state }, options)
        begun.add(upgradeRow(leg.base, results))
        stopped = stopOf(results)
      }
    }
    const table = await begun.close()
    screen.write(`\n${upgradeTableText(table, { color: wantsColor(screen.isTTY) })}  ${begun.folder.html}\n`)
    if (options.json) writeJsonTo(options.json, table)
    return stopped ?? EXIT[table.verdict]
  })
}

/** The exit code of a run that somebody stopped, and with it all that would follow; null: it was not. */
function stopOf(results: Results): number | null {
  const { interrupted } = results.run
  return interrupted === null || interrupted === 'deadline' ? null : exitCodeOf(results)
}

function wayOf({ version, via }: LegBase): string {
  return [version, ...via].join(' by way of ')
}

/** What means one app, or one run. */
function refuseTogether({ attach, keep, promote, runId }: TestOptions): void {
  const given = Object.entries({ '--attach': attach, '--keep': keep, '--promote': promote, '--run-id': runId })
  const wrong = given.filter(([, value]) => value !== undefined && value !== false).map(([name]) => name)
  if (wrong.length === 0) return
  throw new UsageError('bases-with-one', `${wrong.join(', ')} is about one run, and several bases are one run each`, {
    hint: 'Name one base, or leave it out.',
  })
}

interface Judging {
  readonly leg: Extract<PlannedLeg, { kind: 'judged' }>
  readonly head: Head
  readonly request: PlanRequest
  readonly deployer: ChosenDeployer
  readonly signal: AbortSignal
  readonly screen: Screen
  readonly state: string
}

/** One run in a folder of its own, planned there from the files that all of them share: a work tree may change meanwhile. */
async function judge(
  { leg, head, request, deployer, signal, screen, state }: Judging,
  options: TestOptions,
): Promise<Results> {
  const runId = newRunId(Date.now())
  process.env[RUN_VARIABLE] = runId
  const folder = reserveRun(state, runId, new Date().toISOString())
  try {
    await cp(request.folder.checkout, folder.checkout, { recursive: true, verbatimSymlinks: true })
    const mine = { ...request, base: leg.leg.base, oneOfSeveral: true, runId, folder }
    const plan = await planWithCanonical(head, mine, canonicalOptions(options))
    signal.throwIfAborted()
    const node = options.node === undefined ? {} : { node: options.node }
    const ready = await readyHost({ state, screen, signal, plan, ...node })
    const results = await runAndShow({ folder, deployer, ...ready, signal, screen }, options)
    copyResults(folder, options.results && join(options.results, runId))
    return results
  } catch (error) {
    discardRun(folder)
    throw error
  }
}

interface Opening extends Pick<Legs, 'considered' | 'nothing'> {
  readonly head: Head
  readonly request: PlanRequest
  readonly state: string
  readonly options: TestOptions
}

interface OpenTable {
  readonly folder: UpgradeFolder
  add(row: UpgradeRow): void
  /** Writes the views, and keeps the runs whole that they lead to. A view that cannot be written changes no verdict. */
  close(): Promise<UpgradeTable>
}

/** The table on disk, from its first row on. */
async function openTable({ head, request, state, options, considered, nothing }: Opening): Promise<OpenTable> {
  const id = newRunId(Date.now())
  const folder = upgradeFolder(state, id)
  const { head: release, settings } = await planHead(head, { ...request, base: 'none' })
  const masker = new Masker()
  for (const value of secretValuesOf({ ...settings.settings.env, ...settings.settings.upgrade.env })) masker.add(value)
  const { repo, commit, worktree } = head
  let table: UpgradeTable = {
    ...{ schema: 1, id, tool: await toolIdentity(), asked: options.base, startedAt: new Date().toISOString() },
    recipe: { name: repo.name, origin: repo.origin, commit, version: release.version, dirty: worktree },
    ...{ finishedAt: null, verdict: 'unverified', rows: [], considered: [...considered] },
    reason: nothing === null || typeof nothing === 'string' ? nothing : `${nothing.message}. ${nothing.hint}`,
  }
  const save = (more: Partial<UpgradeTable>) => {
    table = masked({ ...table, ...more }, masker)
    writeTable(folder, table)
  }
  return {
    folder,
    add(row) {
      const rows = [...table.rows, row]
      save({ rows, verdict: upgradeVerdictOf(rows) })
    },
    async close() {
      save({ finishedAt: new Date().toISOString() })
      try {
        writeView(folder.markdown, upgradeTableMarkdown(table, { runs: RUNS }))
        writeView(folder.html, upgradeTableHtml(table, { runs: RUNS }))
        await pinNewest(state)
      } catch (error) {
        process.stderr.write(`cc-ci: left out: table of upgrades: ${messageOf(error)}\n`)
      }
      return table
    },
  }
}

/** What runs say is masked already; what planning says of files is not. */
function masked(table: UpgradeTable, masker: Masker): UpgradeTable {
  const text = (words: string) => masker.mask(words)
  const rows = table.rows.map((row) => ({
    ...row,
    reason: text(row.reason),
    cause: row.cause && {
      ...row.cause,
      ...{ message: text(row.cause.message), hint: text(row.cause.hint), lines: row.cause.lines.map(text) },
    },
  }))
  return { ...table, rows, reason: table.reason === null ? null : text(table.reason) }
}
