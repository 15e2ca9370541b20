import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { keycloak } from '../../src/deps/keycloak/index.ts'
import { Engine } from '../../src/engine/client.ts'
import { readEvents } from '../../src/verdict/event-log.ts'
import type { Results } from '../../src/verdict/results.ts'
import { keycloakTurn } from '../swarm/support/keycloak-turn.ts'
import { tamperings, undetected } from '../verdict/tampering.ts'
import { openWorkshop, type Workshop } from './cc-ci.ts'
import { tierOf } from './tinkered.ts'

describe.concurrent('real recipes live their whole life', () => {
  it.each(['pocketbase', 'custom-html'])('%s passes with level 6 and all generic evidence', async (name) => {
    await using workshop = openWorkshop()
    const base = name === 'pocketbase' ? ['--base', '1.0.0+0.30.4'] : []
    await lives(workshop, [await workshop.recipe(name), ...base, '--approve-code'])
  })

  it('members logs a user in through a real Keycloak and sends a real mail', async () => {
    const endTurn = await keycloakTurn()
    try {
      await using workshop = openWorkshop()
      const results = await lives(workshop, [await workshop.recipe('members'), '--approve-code'])
      const { status, tests, evidence } = tierOf(results, 'integration')
      expect(status).toBe('pass')
      expect(tests.map(({ status }) => status)).toEqual(['passed', 'passed'])
      expect(evidence.find(({ kind }) => kind === 'provider')).toMatchObject({
        providers: [{ name: 'keycloak' }, { name: 'smtp' }],
      })
    } finally {
      await keycloak.remove(await Engine.connect())
      endTurn()
    }
  })

  it('todo uses hooks and tests of its own in every tier', async () => {
    await using workshop = openWorkshop()
    const results = await lives(workshop, [await workshop.recipe('todo'), '--approve-code'])
    const passed = ['upgrade', 'restore', 'functional'].map((tier) =>
      tierOf(results, tier).tests.filter(({ status }) => status === 'passed'),
    )
    expect(passed.map(({ length }) => length)).toEqual([1, 1, 3])
    expect(results.customization.hooks).toHaveLength(6)
  })
})

async function lives(workshop: Workshop, args: readonly string[]): Promise<Results> {
  const { results, exitCode, stdout } = await workshop.test(args, { again: true })
  expect(exitCode, stdout).toBe(0)
  for (const { tiers } of results.attempts ?? []) costByMachineAlone(tiers, stdout)
  expect(results.verdict).toBe('pass')
  expect(results.level).toBe(6)
  for (const tier of ['install', 'upgrade', 'backup', 'restore', 'resilience', 'teardown'])
    expect(tierOf(results, tier)).toMatchObject({ id: tier, status: 'pass' })
  expect(results.leaks).toEqual([])
  const folder = join(workshop.state, 'runs', results.run.id)
  for (const { path } of results.artifacts) expect(existsSync(join(folder, path)), path).toBe(true)
  expect(results.artifacts.map(({ kind }) => kind)).toEqual(
    expect.arrayContaining(['screenshot', 'report', 'junit', 'log']),
  )
  expect(tierOf(results, 'upgrade').evidence.map(({ kind }) => kind)).toContain('visual-difference')
  const report = readFileSync(join(folder, 'report.html'), 'utf8')
  expect(report).toContain(results.recipe.commit.slice(0, 8))
  expect(report).toContain('Screenshot: before the upgrade: ')
  cameBack(results)
  provenOnlyByItsEvidence(folder)
  return results
}

/** An attempt that an engine on a busy machine spoilt is judged once more, as for everybody; one that the recipe or cc-ci spoilt is a fault. */
function costByMachineAlone(tiers: Results['tiers'], stdout: string): void {
  const blames = tiers.flatMap(({ cause }) => (cause ? [cause.blame] : []))
  expect(new Set(blames), stdout).toEqual(new Set(['infra']))
}

/** Every service of these recipes is a server: each was killed, and what runs after the last redeploy is what came back. */
function cameBack(results: Results): void {
  const { evidence } = tierOf(results, 'resilience')
  const killed = evidence.flatMap((piece) => (piece.kind === 'recovery' ? piece.services : []))
  const steady = evidence.flatMap((piece) => (piece.kind === 'no-op-redeploy' ? piece.services : []))
  expect(killed.map(({ service }) => service).sort()).toEqual(results.images.map(({ service }) => service).sort())
  expect(steady.flatMap(({ tasks }) => tasks).sort()).toEqual(killed.map(({ after }) => after).sort())
}

/** Whatever is taken away of what a tier of this very run needs, its pass is gone. */
function provenOnlyByItsEvidence(folder: string): void {
  const events = readEvents(join(folder, 'events.ndjson'))
  expect(tamperings(events).length).toBeGreaterThan(40)
  expect(undetected(events)).toEqual([])
}
