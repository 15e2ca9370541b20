import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { CancelledError, DeadlineError, InfraError } from '../../../src/lib/errors.ts'
import { type Attempt, folderOfSecond, runAttempts } from '../../../src/lifecycle/judging/attempts.ts'
import { reserveRun } from '../../../src/lifecycle/run-folder.ts'
import { openEventLog } from '../../../src/verdict/event-log.ts'
import type { EventDraft } from '../../../src/verdict/events.ts'
import { fold } from '../../../src/verdict/fold.ts'
import type { TierId } from '../../../src/verdict/tiers.ts'
import { folder } from '../../recipe/throwaway.ts'
import { HEADER, passingTier } from '../../verdict/passing-stream.ts'
import { ends } from '../../verdict/two-attempts.ts'

const MINUTE = 60_000
const CHANCE = ends('upgrade', 'not-converged')
const LEAK: EventDraft[] = [{ type: 'leak', kind: 'volume', name: 'x_data' }, ...passingTier('teardown')]

interface Scene {
  readonly upgrade?: readonly EventDraft[]
  readonly teardown?: readonly EventDraft[]
  readonly timeoutMs?: number
  readonly never?: string
  readonly keep?: boolean
  /** Called at these moments; may stop the run. */
  readonly during?: (moment: 'judge 1' | 'take down 1' | 'set up 2', stop: (reason: Error) => void) => void
}

/** A run whose attempts write these tiers; each judging and each removal takes a minute. */
async function play(scene: Scene) {
  const dir = await folder({})
  const events = openEventLog(join(dir, 'events.ndjson'), { clock: { now: () => Date.now() }, mask: (text) => text })
  const stop = new AbortController()
  const moment = (name: Parameters<NonNullable<Scene['during']>>[0]) =>
    scene.during?.(name, (reason) => stop.abort(reason))
  const did: string[] = []
  let now = 0
  const write = (drafts: readonly EventDraft[]) => {
    now += MINUTE
    for (const draft of drafts) events.append(draft)
  }
  const attempt = (number: number, tiers: readonly TierId[], upgrade = passingTier('upgrade')): Attempt => ({
    async judge() {
      did.push(`judge ${number}`)
      write(tiers.flatMap((tier) => (tier === 'upgrade' ? upgrade : passingTier(tier))))
      if (number === 1) moment('judge 1')
    },
    async takeDown() {
      did.push(`take down ${number}`)
      write(number === 1 ? (scene.teardown ?? passingTier('teardown')) : passingTier('teardown'))
      if (number === 1) moment('take down 1')
    },
  })
  events.append({ type: 'run.started', ...HEADER, selected: ['lint', 'install', 'upgrade', 'teardown'] })
  await runAttempts({
    events,
    first: attempt(1, ['lint', 'install', 'upgrade'], [...(scene.upgrade ?? CHANCE)]),
    async second() {
      moment('set up 2')
      return attempt(2, ['install', 'upgrade'])
    },
    elapsedMs: () => now,
    timeoutMs: scene.timeoutMs ?? 60 * MINUTE,
    signal: stop.signal,
    stopped: () => events.append({ type: 'run.interrupted', signal: 'SIGINT' }),
    never: scene.never ?? null,
    leave: scene.keep ? async () => void did.push('leave') : null,
  })
  events.append({ type: 'run.ended' })
  const results = fold(events.all())
  events.close()
  const notRepeated = results.findings.find(({ code }) => code === 'not-repeated')?.message ?? null
  return { did, results, notRepeated }
}

describe('runAttempts', () => {
  it('judges once more what may be chance, when the first attempt is gone', async () => {
    const { did, results, notRepeated } = await play({})
    expect(did).toEqual(['judge 1', 'take down 1', 'judge 2', 'take down 2'])
    expect(results).toMatchObject({ verdict: 'pass', findings: [{ code: 'flaky' }] })
    expect(notRepeated).toBeNull()
  })

  it.each([
    ['passes', passingTier('upgrade')],
    ['would fail again', ends('upgrade', 'data-lost')],
  ])('leaves it at one attempt, without a word, when it %s', async (_, upgrade) => {
    const { did, notRepeated } = await play({ upgrade })
    expect(did).toEqual(['judge 1', 'take down 1'])
    expect(notRepeated).toBeNull()
  })

  it.each([
    ['nobody wants it', { never: '--no-repeat' }, /upgrade ended with not-converged: --no-repeat$/],
    [
      'the time left is less than the first attempt took',
      { timeoutMs: 1.9 * MINUTE },
      /--deadline .* 54\.0 s left, .* 1 min 00 s$/,
    ],
    ['the removal took that time', { timeoutMs: 2.9 * MINUTE }, /54\.0 s left/],
    ['something is left of the first', { teardown: LEAK }, /not all of the first attempt could be removed/],
    ['the first removal never ended', { teardown: [] }, /not all of the first attempt could be removed/],
  ] as const)('tells why when %s', async (_, scene, why) => {
    const { did, results, notRepeated } = await play(scene)
    expect(did).toEqual(['judge 1', 'take down 1'])
    expect(notRepeated).toMatch(why)
    expect(results).toMatchObject({ verdict: 'fail' })
    expect(results).not.toHaveProperty('attempts')
  })

  it('tells why when the verdict is certain all the same', async () => {
    const { notRepeated } = await play({ upgrade: [...CHANCE, ...ends('backup', 'backup-empty')] })
    expect(notRepeated).toBe(
      'not judged once more: backup ended with backup-empty and would again, whatever becomes of the rest',
    )
  })

  it('leaves an app that is to stay where it is', async () => {
    const { did, notRepeated } = await play({ keep: true, never: '--keep leaves the app that was judged' })
    expect(did).toEqual(['judge 1', 'leave'])
    expect(notRepeated).toMatch(/--keep/)
  })

  it('ends with the first attempt when the engine is gone before the second', async () => {
    const during: Scene['during'] = (moment) => {
      if (moment === 'set up 2') throw new InfraError('engine-lost', 'the engine is gone')
    }
    const { did, results, notRepeated } = await play({ during })
    expect(did).toEqual(['judge 1', 'take down 1'])
    expect(notRepeated).toMatch(/could not be set up: the engine is gone/)
    expect(results.verdict).toBe('fail')
  })

  it.each([
    ['judge 1', new DeadlineError('run-deadline', 'late'), null],
    ['take down 1', new CancelledError('SIGINT'), 'SIGINT'],
  ] as const)('is not begun after a stop in %s', async (at, reason, signal) => {
    const during: Scene['during'] = (moment, stop) => (moment === at ? stop(reason) : undefined)
    const { did, results, notRepeated } = await play({ during })
    expect(did).toEqual(['judge 1', 'take down 1'])
    expect(results.run.interrupted).toBe(signal)
    expect(notRepeated).toBeNull()
  })
})

it('the folder of the second attempt keeps what the first has left', async () => {
  const run = reserveRun(await folder({}), '20261123-191254-k3f9qa', '2026-11-23T19:12:54.000Z')
  writeFileSync(join(run.logs, 'app.task1.log'), 'first')
  writeFileSync(join(run.artifacts, 'install.png'), 'first')
  mkdirSync(join(run.dir, 'deps', 'other'), { recursive: true })
  const second = folderOfSecond(run)
  expect(second).toEqual({ ...run, artifacts: join(run.artifacts, 'attempt-2') })
  const names = (dir: string) => readdirSync(dir).sort()
  expect(names(run.logs)).toEqual(['attempt-1'])
  expect(names(join(run.logs, 'attempt-1'))).toEqual(['app.task1.log'])
  expect(names(run.artifacts)).toEqual(['attempt-2', 'install.png'])
  expect(names(run.dir)).not.toContain('deps')
})
