import { createHash } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { messageOf } from '../../lib/errors.ts'
import type { Artifact, RunEvent } from '../../verdict/events.ts'
import { fold } from '../../verdict/fold.ts'
import type { Results } from '../../verdict/results.ts'
import { htmlReport, type ReportParts } from '../html/report.ts'
import { resultsJson } from './json.ts'
import { junitXml } from './junit.ts'

/** Where the picture of a result is, in the run folder: made before its views, by whoever has a browser. */
export const CARD = 'artifacts/card.png'

/** What a finished run offers to its views: where its files are, its events, and a place to add artifacts to them. */
export interface FinishedRunFiles {
  readonly folder: {
    readonly dir: string
    readonly results: string
    readonly report: string
    readonly junit: string
    readonly logs: string
    readonly artifacts: string
  }
  readonly events: () => readonly RunEvent[]
  readonly append: (artifact: Artifact) => void
}

export interface PublishResult {
  readonly results: Results
  /** Views that could not be rendered, with the reason: they are left out and change no verdict. */
  readonly failed: readonly string[]
}

/** Writes the views of a finished run: JUnit, the HTML report (with these parts besides), and results.json last, when it can name all of them. */
export function writeViews(
  { folder, events, append }: FinishedRunFiles,
  parts: Pick<ReportParts, 'chance' | 'since'> = {},
): PublishResult {
  const failed: string[] = []
  const add = (kind: Artifact['kind'], file: string) =>
    append({ kind, path: relative(folder.dir, file), sha256: hashOf(file) })
  const view = (kind: 'junit' | 'report', file: string, render: () => string) => {
    try {
      writeFileSync(file, render())
      add(kind, file)
    } catch (error) {
      failed.push(`${kind}: ${messageOf(error)}`)
    }
  }
  const logs = [folder.logs, ...attemptsIn(folder.logs)].flatMap((dir) => filesOf(dir, '.log'))
  const pictures = [...attemptsIn(folder.artifacts), folder.artifacts].flatMap((dir) => filesOf(dir, '.png'))
  const screenshots = pictures.filter((file) => relative(folder.dir, file) !== CARD)
  if (screenshots.length < pictures.length) add('card', join(folder.dir, CARD))
  for (const file of logs) add('log', file)
  for (const file of screenshots)
    add(/-difference(?:-own)?\.png$/.test(file) ? 'visual-difference' : 'screenshot', file)
  for (const file of leftByTests(folder.artifacts).filter((file) => !screenshots.includes(file)))
    add(/\.png$/.test(file) ? 'screenshot' : 'trace', file)
  view('junit', folder.junit, () => junitXml(fold(events())))
  view('report', folder.report, () =>
    htmlReport(fold(events()), {
      ...parts,
      events: events(),
      logs: logs.map((file) => ({ name: relative(folder.logs, file), text: readFileSync(file, 'utf8') })),
      screenshots: inlined(screenshots, folder),
    }),
  )
  const results = fold(events())
  writeFileSync(folder.results, resultsJson(results))
  return { results, failed }
}

/** The folders of a run's other attempt. */
function attemptsIn(dir: string): string[] {
  const names = readdirSync(dir).filter((name) => /^attempt-\d+$/.test(name))
  return names.sort().map((name) => join(dir, name))
}

/** All pictures of a report together, as files: one with more is slow to open and to send. */
const MOST_PICTURE_BYTES = 1_600_000

/** Pictures as `data:` URIs, as long as there is room. */
function inlined(
  files: readonly string[],
  { dir, artifacts }: FinishedRunFiles['folder'],
): NonNullable<ReportParts['screenshots']> {
  let room = MOST_PICTURE_BYTES
  return files.map((file) => {
    const picture = readFileSync(file)
    const fits = picture.length <= room
    if (fits) room -= picture.length
    const src = fits ? `data:image/png;base64,${picture.toString('base64')}` : null
    return { name: relative(artifacts, file).replace(/\.png$/, ''), path: relative(dir, file), src }
  })
}

function filesOf(dir: string, ending: string): string[] {
  return readdirSync(dir)
    .filter((name) => name.endsWith(ending))
    .sort()
    .map((name) => join(dir, name))
}

/** Screenshots, traces and error contexts, in the folders of the tests that left them. */
function leftByTests(dir: string): string[] {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.parentPath !== dir)
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
}

function hashOf(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex')
}
