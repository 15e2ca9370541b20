import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { buildRecipe } from '../../../fixtures/recipes/build.ts'
import { buildRepository } from '../../../src/canaries/repository.ts'
import { type Tweak, tinyRecipe } from '../../../src/canaries/tiny.ts'
import {
  type CellRecord,
  listSweeps,
  type Matrix,
  readCells,
  readMatrix,
  readPlan,
  type SweepPlan,
  sweepFolder,
} from '../../../src/history/sweep/record.ts'
import { listRuns, runFolder } from '../../../src/lifecycle/run-folder.ts'
import { parseResults } from '../../../src/verdict/results.ts'
import { runsGoingOn } from './left.ts'
import type { Fault, Look, Subject } from './subject.ts'

/** Nothing is backed up or killed on purpose, so that many runs end between two kills. */
const SHORT: Tweak = {
  compose: ({ services }) => delete services.app.deploy.labels['backupbot.backup'],
  files: { 'cc-ci/cc-ci.yml': 'resilience: false\n' },
}
/** How each cell ends when nobody kills anything. */
const ENDS: Readonly<Record<string, string>> = {
  'crashes@release': 'not-run no-release',
  'crashes@main': 'fail',
  'released@release': 'pass',
  'released@main': 'pass',
  'unreadable@release': 'fail',
  'unreadable@main': 'fail',
  'well@release': 'not-run no-release',
  'well@main': 'pass',
}

/** Four recipes, two runs at a time: a healthy one that was released, one that was not, one whose program ends, and one of which no run can be planned. */
export async function killedSweep(work: string, state: string, { jobs }: { jobs: string }): Promise<Subject> {
  const tiny = {
    released: { base: SHORT, head: SHORT },
    well: { base: null, head: SHORT },
    crashes: { base: null, head: { ...SHORT, serve: 'echo broken\nexit 3' } },
  }
  const recipes = [`unreadable: ${(await buildRecipe('bad-compose', join(work, 'unreadable'))).dir}`]
  for (const [name, releases] of Object.entries(tiny))
    recipes.push(`${name}: ${(await buildRepository(tinyRecipe({ name, ...releases }), join(work, name))).dir}`)
  const list = join(work, 'sweep.yml')
  writeFileSync(list, `recipes: { ${recipes.join(', ')} }\n`)
  const seen = new Seen(state)
  return {
    begin: ['sweep', '--from', list, '--jobs', jobs],
    resume: ['sweep', '--resume', 'last'],
    look: () => seen.look(),
    stillRunning: () => runsGoingOn(state),
  }
}

/** What the records of the newest sweep have said so far. */
class Seen {
  readonly #state: string
  #sweep = ''
  #ended: readonly CellRecord[] = []
  /** Each run that a record has named, and its cell. */
  readonly #named = new Map<string, string>()

  constructor(state: string) {
    this.#state = state
  }

  look(): Look {
    const [id] = listSweeps(this.#state)
    if (id === undefined) return { going: false, summary: {}, faults: [] }
    if (id !== this.#sweep) this.#ended = []
    this.#sweep = id
    const folder = sweepFolder(this.#state, id)
    try {
      const plan = readPlan(folder)
      const cells = readCells(folder, plan).filter((cell) => cell !== null)
      const matrix = readMatrix(folder)
      const faults = [...this.#compare(cells), ...(matrix ? this.#judge(plan, cells, matrix) : [])]
      return { going: matrix === null, summary: summaryOf(id, cells, matrix), faults }
    } catch (error) {
      return { going: true, summary: { sweep: id }, faults: [{ kind: 'half', text: String(error) }] }
    }
  }

  /** What ended is as it was, no run that a record has named is forgotten, and none is named in two places. */
  #compare(cells: readonly CellRecord[]): Fault[] {
    const changed = this.#ended.filter((before) => !cells.some((cell) => isDeepStrictEqual(cell, before)))
    const faults: Fault[] = changed.map(({ key, run }) => ({ kind: 'lost', text: `the end of ${key}: ${run}` }))
    this.#ended = cells.filter(({ status }) => status === 'ended')
    const now = cells.flatMap(({ key, run, earlier }) => [...new Set([run, ...earlier])].map((one) => ({ one, key })))
    for (const { one, key } of now) {
      const known = this.#named.get(one)
      if (known !== undefined && known !== `${this.#sweep} ${key}`)
        faults.push({ kind: 'twice', text: `${one} is of ${key} and of ${known}` })
      this.#named.set(one, `${this.#sweep} ${key}`)
    }
    for (const [run, of] of this.#named)
      if (of.startsWith(`${this.#sweep} `) && !now.some(({ one }) => one === run))
        faults.push({ kind: 'lost', text: `${run} of ${of} is in no record` })
    return faults
  }

  /**
   * At the end: each cell has the one judgement that it would have without kills, by a whole run of its own commit or by a run that could not be planned, and
   * there is no other run.
   */
  #judge(plan: SweepPlan, cells: readonly CellRecord[], matrix: Matrix): Fault[] {
    const faults: Fault[] = []
    const ends = matrix.cells.map(({ key, status, reason }) => [key, reason ? `${status} ${reason.code}` : status])
    if (!isDeepStrictEqual(Object.fromEntries(ends), ENDS) || ends.length !== Object.keys(ENDS).length)
      faults.push({ kind: 'wrong', text: `the matrix says ${JSON.stringify(ends)}` })
    for (const { key, commit, reason } of plan.cells) {
      if (reason !== null) continue
      const record = cells.find((cell) => cell.key === key)
      const counted = matrix.cells.find((cell) => cell.key === key)?.run
      if (record?.status !== 'ended' || record.run !== counted)
        faults.push({ kind: 'lost', text: `${key} is ${record?.status}, by ${record?.run}; counted: ${counted}` })
      if (record?.earlier.includes(record.run))
        faults.push({ kind: 'twice', text: `${key}: ${record.run} and earlier` })
      const judged = record?.refused ? record.refused.code : this.#commitOf(record?.folder ?? '')
      const wanted = key.startsWith('unreadable@') ? 'compose-invalid' : commit
      if (judged !== wanted) faults.push({ kind: 'wrong', text: `${key} was judged by ${judged}, not ${wanted}` })
    }
    const counted = matrix.cells.flatMap(({ run }) => run ?? [])
    for (const run of counted.filter((one, index) => counted.indexOf(one) !== index))
      faults.push({ kind: 'twice', text: `${run} speaks for two cells` })
    for (const run of listRuns(this.#state).filter((one) => !this.#named.has(one)))
      faults.push({ kind: 'lost', text: `${run} is of no cell` })
    return faults
  }

  /** What the results of a run say that it has judged. */
  #commitOf(run: string): string {
    const file = runFolder(this.#state, run).results
    return existsSync(file) ? parseResults(JSON.parse(readFileSync(file, 'utf8')), file).recipe.commit : 'no results'
  }
}

function summaryOf(sweep: string, cells: readonly CellRecord[], matrix: Matrix | null): Look['summary'] {
  const of = Object.values(ENDS).filter((end) => !end.startsWith('not-run')).length
  const ended = cells.filter(({ status }) => status === 'ended').length
  const earlier = cells.flatMap((cell) => cell.earlier).length
  return {
    sweep,
    ended: `${ended} of ${of}`,
    'going on': cells.length - ended,
    'run again': earlier,
    matrix: matrix ? 'complete' : '',
  }
}
