import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { stripVTControlCharacters } from 'node:util'
import { VERDICTS } from '../../history/attribution/table.ts'
import { messageOf, UsageError } from '../../lib/errors.ts'
import type { RunFolder } from '../../lifecycle/run-folder.ts'
import { flakyText } from '../../report/flakes/flaky.ts'
import { decisiveTier } from '../../verdict/decisive.ts'
import { levelName } from '../../verdict/level.ts'
import { parseResults, type Results } from '../../verdict/results.ts'
import type { FinishBody } from '../contract/protocol.ts'
import type { RunOutcome } from '../contract/request.ts'
import { readRunAttribution } from '../memory/run-attribution.ts'

/** A results.json of more bytes was not written by a run. */
const RESULTS_BYTES = 32 * 1024 ** 2

export interface EndedRun {
  readonly id: string
  readonly attempt: number
  /** Run id of the attempt's folder. */
  readonly runId: string
  readonly folder: Pick<RunFolder, 'results' | 'dir'>
  /** It was an attribution: `attribution.json` says what it found. */
  readonly isWhy?: boolean
  readonly body: FinishBody
  /** Who or what asked for the end; null: nobody did. */
  readonly cancelReason: string | null
  /** Epoch ms. */
  readonly now: number
}

type Found = Pick<RunOutcome, 'state' | 'verdict' | 'level' | 'cause' | 'tier' | 'message' | 'flaky'>

/** What an attempt's end means for its run. What the run itself found stands in results.json alone, never in what a worker says of it. */
export async function outcomeOf(ending: EndedRun): Promise<RunOutcome> {
  const { id, attempt, runId, body, now } = ending
  const found = await foundOf(ending)
  return {
    ...{ schema: 1, id, ...found, message: oneLine(found.message) || 'it ended without a word' },
    ...{ finishedAt: new Date(now).toISOString(), folder: runId, attempts: attempt, teardown: body.teardown },
  }
}

async function foundOf(ending: EndedRun): Promise<Found> {
  const { body, folder, runId, cancelReason } = ending
  if (body.ended === 'cancelled') return without('cancelled', cancelReason ?? 'cancelled')
  if (body.ended === 'deadline') return without('error', 'it did not end within its time and was killed')
  if (body.ended === 'output') return without('error', 'it printed more than any run does and was killed')
  if (ending.isWhy) return answered(ending)
  try {
    const results = await readResults(folder.results)
    if (results.run.id !== runId) return without('error', `its results.json is that of run ${results.run.id}`)
    if (!results.run.complete) return without('error', 'it was killed before its end')
    return judged(results)
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    const exit = body.exitCode === null ? 'it was killed' : `it ended with exit code ${body.exitCode}`
    return without('error', error.code === 'results-missing' ? body.words || exit : `${exit}; ${error.message}`)
  }
}

function judged(results: Results): Found {
  const { verdict, level } = results
  const decisive = decisiveTier(results)
  const message = decisive?.cause?.message ?? decisive?.reason ?? `level ${level} (${levelName(level)})`
  const flaky = flakyText(results)
  return {
    ...{ state: 'done', verdict, level, cause: decisive?.cause?.code ?? null, tier: decisive?.id ?? null, message },
    ...(flaky === '' ? {} : { flaky }),
  }
}

/** An attribution judges nothing: its answer is the message, and the record beside it. */
function answered({ body, folder }: EndedRun): Found {
  const record = readRunAttribution(folder.dir)
  if (record?.decision && body.exitCode !== null) {
    const { verdict, tier } = record.decision
    return without('done', `${verdict}${tier === null ? '' : ` (${tier})`}: ${VERDICTS[verdict]}`)
  }
  const exit = body.exitCode === null ? 'it was killed' : `it ended with exit code ${body.exitCode}`
  return without('error', body.words || exit)
}

function without(state: Found['state'], message: string): Found {
  return { state, verdict: null, level: null, cause: null, tier: null, message }
}

/** Throws UsageError `results-missing` or `results-damaged`. */
export async function readResults(file: string): Promise<Results> {
  const text = await readBounded(file)
  let data: unknown
  try {
    data = JSON.parse(text)
  } catch (error) {
    throw new UsageError('results-damaged', `results.json is no JSON: ${messageOf(error)}`, { cause: error })
  }
  return parseResults(data)
}

async function readBounded(file: string): Promise<string> {
  try {
    await using handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW)
    const facts = await handle.stat()
    if (!facts.isFile() || facts.size > RESULTS_BYTES) {
      throw new UsageError('results-damaged', `results.json is no file of at most ${RESULTS_BYTES} bytes`)
    }
    return await handle.readFile('utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') throw new UsageError('results-missing', 'there is no results.json', { cause: error })
    if (code === 'ELOOP') throw new UsageError('results-damaged', 'results.json is a link', { cause: error })
    throw error
  }
}

function oneLine(text: string): string {
  const plain = stripVTControlCharacters(text)
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim()
  return plain.length > 500 ? `${plain.slice(0, 499)}…` : plain
}
