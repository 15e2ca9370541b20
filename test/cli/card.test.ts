import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { pngSize } from '../../src/checks/visual-difference.ts'
import { Engine, RUN_LABEL } from '../../src/engine/client.ts'
import { randomId } from '../../src/lib/ids.ts'
import { type CardDesign, drawCard } from '../../src/lifecycle/card.ts'
import type { RunContext } from '../../src/lifecycle/context.ts'
import { runFolder } from '../../src/lifecycle/run-folder.ts'
import { machineBrowser } from '../../src/machine/browser.ts'
import { cardPage } from '../../src/report/card.ts'
import type { EventDraft } from '../../src/verdict/events.ts'
import { failedRun, HOSTILE } from '../report/sample-runs.ts'
import { openWorkshop } from './cc-ci.ts'

const ofRun = (id: string) => ({ labels: [`${RUN_LABEL}=${id}`] })
const SIZE = { width: 1200, height: 630 }

it('a run pictures its result beside the app, as an artifact, and leaves nothing', async () => {
  await using workshop = openWorkshop()
  const { results } = await workshop.test([await workshop.recipe('healthy'), '--only', 'install', '--card'])
  const cards = results.artifacts.filter(({ kind }) => kind === 'card')
  expect(cards).toEqual([{ kind: 'card', path: 'artifacts/card.png', sha256: expect.any(String) }])
  expect(results.artifacts.filter(({ kind }) => kind === 'screenshot').map(({ path }) => path)).toEqual([
    'artifacts/install.png',
  ])
  const png = readFileSync(join(workshop.state, 'runs', results.run.id, 'artifacts/card.png'))
  expect(pngSize(png)).toEqual([1200, 630])
  expect(png.length).toBeGreaterThan(10_000)
  expect(await (await Engine.connect()).containers(ofRun(results.run.id))).toEqual([])
})

/** What a run hands over, with a folder of its own and these events. */
async function finished(say: string, more: { readonly image?: string; readonly signal?: AbortSignal } = {}) {
  const state = mkdtempSync(join(tmpdir(), 'cc-ci-card-'))
  onTestFinished(() => rmSync(state, { recursive: true, force: true }))
  const engine = await Engine.connect()
  const prefix = `card-${randomId(8)}`
  const folder = runFolder(state, prefix)
  mkdirSync(folder.artifacts, { recursive: true })
  const notes: string[] = []
  const browser = await machineBrowser(engine)
  const edge = { host: '127.0.0.1', httpsPort: 1, httpPort: null, apiPort: null, ca: null }
  const context = {
    plan: { app: { runId: prefix, stack: prefix } },
    host: { engine, edge, browser: { ...browser, ...(more.image ? { image: more.image } : {}) } },
    folder,
    events: {
      all: () => failedRun(say),
      append: (event: EventDraft) => void (event.type === 'note' && notes.push(event.text)),
    },
    runSignal: more.signal ?? new AbortController().signal,
  } as unknown as RunContext
  const file = join(folder.artifacts, 'card.png')
  const draw = (design: CardDesign = { size: SIZE, page: cardPage }) => drawCard(context, design)
  const left = async () => engine.containers(ofRun(prefix))
  return { file, notes, draw, left }
}

it('draws whatever recipes say', async () => {
  const { file, notes, draw, left } = await finished(HOSTILE.join(' '))
  expect([await draw(), notes]).toEqual([true, []])
  expect(pngSize(readFileSync(file))).toEqual([1200, 630])
  expect(await left()).toEqual([])
  if (process.env.KEEP_SCREENSHOTS) copyFileSync(file, join(process.env.KEEP_SCREENSHOTS, 'card.png'))
})

it('is a note where it cannot be drawn, and nothing else', async () => {
  const without = await finished('words', { image: 'cc-ci/there-is-none:1' })
  expect(await without.draw()).toBe(true)
  expect(without.notes).toEqual([expect.stringMatching(/^no card: /)])
  const broken = await finished('words')
  const page = () => {
    throw new Error('the design is broken')
  }
  expect(await broken.draw({ size: SIZE, page })).toBe(true)
  expect(broken.notes).toEqual(['no card: the design is broken'])
  for (const { left, file } of [without, broken]) {
    expect(await left()).toEqual([])
    expect(() => readFileSync(file)).toThrow('ENOENT')
  }
})

it('is not begun for a run that is told to stop', async () => {
  const { notes, draw } = await finished('words', { signal: AbortSignal.abort(), image: 'cc-ci/there-is-none:1' })
  expect([await draw(), notes]).toEqual([true, []])
})
