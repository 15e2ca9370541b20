import { expect, it } from 'vitest'
import { abraFailure } from '../../../src/deploy/abra/failure.ts'
import {
  isSuccess,
  readJson,
  readLintTable,
  readOutcome,
  readSnapshot,
  readVersion,
} from '../../../src/deploy/abra/output.ts'
import { ABRA, ABRA_VERSIONS, PINNED } from '../../../src/deploy/abra/versions.ts'
import { DeployFailure } from '../../../src/deploy/deploy-failure.ts'
import { TRANSCRIPTS, transcript } from './transcript.ts'

const outcome = (name: string) => readOutcome(transcript(name))
const failure = (name: string) => abraFailure('abra app deploy', outcome(name), { mask: String, timeoutMs: 1000 })

/** What each transcript amounts to: code, and whether the recipe is at fault. */
const FAILURES: Readonly<Record<string, readonly [code: string, fails: boolean]>> = {
  'deploy-secret-missing': ['secret-missing', true],
  'deploy-secret-by-hand': ['secret-missing', true],
  'deploy-config-kept': ['config-version-not-bumped', true],
  'deploy-engine-gone': ['engine-lost', false],
  'deploy-dirty': ['deployer-failed', false],
  'deploy-timed-out': ['deployer-failed', false],
  'deploy-unauthorized': ['deployer-failed', false],
  'deploy-strange': ['deployer-failed', false],
  'deploy-fatal-and-0': ['deployer-failed', false],
  'unknown-flag': ['deployer-failed', false],
  'undeploy-twice': ['deployer-failed', false],
  'lint-no-terminal': ['deployer-failed', false],
  'backup-no-bot': ['deployer-failed', false],
}

it.each(TRANSCRIPTS)('%s is a success, or a failure whose fault is known', (name) => {
  const expected = FAILURES[name]
  expect(isSuccess(outcome(name))).toBe(expected === undefined)
  if (!expected) return
  const error = failure(name)
  expect([error.code, error instanceof DeployFailure]).toEqual(expected)
})

it('has every failure of the table as a transcript', () => {
  expect(Object.keys(FAILURES).filter((name) => !TRANSCRIPTS.includes(name))).toEqual([])
  const words = TRANSCRIPTS.map((name) => outcome(name).fatal ?? '')
  const unseen = ABRA.messages.filter(({ sign }) => !words.some((said) => sign.test(said)))
  expect(unseen.map(({ sign }) => sign.source)).toEqual(['lint error in'])
})

it('tells all that stands behind FATA, on whichever stream, and what to do', () => {
  expect(outcome('deploy-strange').fatal).toBe('something that nobody has heard of and its second line')
  expect(failure('deploy-strange').message).toBe(
    'abra app deploy ended with 1: something that nobody has heard of and its second line',
  )
  expect(failure('deploy-dirty').hint).toContain('doctor --deployer abra')
  expect(failure('deploy-fatal-and-0').message).toBe('abra app deploy: deploy failed')
})

it('masks what it tells', () => {
  const error = abraFailure('abra', outcome('deploy-strange'), {
    mask: (text) => text.replaceAll('nobody', '***'),
    timeoutMs: 1000,
  })
  expect(error.message).not.toContain('nobody')
})

it('knows a command that was killed', () => {
  const late = { exitCode: null, lines: [], fatal: null, timedOut: true }
  expect(abraFailure('abra app deploy', late, { mask: String, timeoutMs: 60_000 })).toMatchObject({
    code: 'deployer-failed',
    message: expect.stringContaining('did not end within'),
  })
})

it.each([
  ['abra version 0.13.0-beta-06a57de', '0.13.0-beta', '06a57de'],
  ['abra version 0.13.0-beta', '0.13.0-beta', null],
  ['0.14.0-rc1 (0123456789ab)', '0.14.0-rc1', '0123456789ab'],
  ['v1.2.3', '1.2.3', null],
])('reads the version in %j', (line, version, commit) => {
  expect(readVersion([line])).toEqual({ version, commit })
})

it('reads tables, snapshots and JSON, also between log lines', () => {
  expect(readVersion(outcome('version').lines)).toEqual({ version: PINNED, commit: ABRA_VERSIONS[PINNED].commit })
  expect(readLintTable(outcome('lint').lines)).toEqual([
    { rule: 'R001', kept: true },
    { rule: 'R014', kept: false },
  ])
  expect(readSnapshot(outcome('backup').lines)).toBe('1f2e3d4c5b6a7988')
  expect(readSnapshot(['{"message_type":"summary","snapshot_id":"0a1b2c3d4e5f"}'])).toBe('0a1b2c3d4e5f')
  expect(readSnapshot(outcome('deploy').lines)).toBeNull()
  expect(readJson(['INFO [x] looking', ...outcome('app-list').lines])).toMatchObject({ default: { appCount: 1 } })
  expect(readJson(['WARN nothing'])).toBeUndefined()
})
