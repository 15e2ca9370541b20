import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { providerOf } from '../../src/deps/index.ts'
import { PROVIDER_NAMES } from '../../src/deps/names.ts'
import type {
  DependencyOutputs,
  ProvidedDependency,
  Provider,
  ProviderHost,
  ProviderRun,
} from '../../src/deps/provider.ts'
import { execOk } from '../../src/lib/process/exec.ts'
import { keycloakTurn } from './support/keycloak-turn.ts'
import { providerHost, providerRun } from './support/provider-host.ts'

let host: ProviderHost
let endTurn = () => {}
beforeAll(async () => {
  endTurn = await keycloakTurn()
  host = await providerHost()
}, 900_000)
afterAll(() => endTurn())

/** Provides in a process of its own that is gone afterwards, as a run that was killed would leave it. Gives what it was provided with. */
async function provideAndDie(name: string, run: ProviderRun): Promise<DependencyOutputs> {
  const script = `
    import { writeSync } from 'node:fs'
    import { providerOf } from './src/deps/index.ts'
    import { edgeAddress } from './src/edge/address.ts'
    import { Engine } from './src/engine/client.ts'
    const host = { engine: await Engine.connect(), edge: await edgeAddress(), vips: false, signal: new AbortController().signal, log() {} }
    const provided = await (await providerOf(${JSON.stringify(name)})).provide(host, ${JSON.stringify(run)})
    writeSync(1, JSON.stringify(provided))
    process.kill(process.pid, 'SIGKILL')`
  const argv = ['-c', '"$0" --input-type=module --eval "$1"; test $? = 137', process.execPath, script]
  const { stdout } = await execOk('sh', argv, { cwd: `${import.meta.dirname}/../..`, timeoutMs: 60_000 })
  return JSON.parse(stdout)
}

describe.each(PROVIDER_NAMES)('provider %s', (name) => {
  let provider: Provider
  const made: ProvidedDependency[] = []
  const provide = async (run = providerRun()) => {
    const provided = await provider.provide(host, run)
    made.push(provided)
    return provided
  }

  beforeAll(async () => {
    provider = (await providerOf(name)) as Provider
    await provider.remove(host.engine)
    await Promise.all(Array.from({ length: 4 }, () => provider.ensure(host)))
  }, 600_000)
  afterAll(async () => {
    for (const provided of made) await provided.release()
    await provider.remove(host.engine)
  }, 120_000)

  test('is ensured again without making anything again', async () => {
    const before = await host.engine.services(`ccci-${name}`)
    await provider.ensure(host)
    expect(await host.engine.services(`ccci-${name}`)).toEqual(before)
    expect(before.length).toBe(name === 'keycloak' ? 1 : 0)
  })

  test('gives two runs at once what is theirs alone, and exactly what it promises', async () => {
    const [one, two] = await Promise.all([provide(), provide()])
    for (const { credentials, secrets, health } of [one, two]) {
      expect(Object.keys(credentials).sort()).toEqual(Object.keys(provider.outputs).sort())
      expect(Object.values(credentials)).toEqual(expect.arrayContaining([...secrets]))
      expect(Object.values(credentials).every((value) => value !== '')).toBe(true)
      await health()
    }
    expect(one.secrets.filter((secret) => two.secrets.includes(secret))).toEqual([])
    expect(one.credentials).not.toEqual(two.credentials)
    await one.release()
    await expect(one.health()).rejects.toMatchObject({ blame: 'infra' })
    await two.health()
    await one.release()
  })

  test('releases from the run alone, also after an interruption, and where nothing was made', async () => {
    const run = providerRun()
    const provided = await provide(run)
    const interrupted = { ...host, signal: AbortSignal.abort() }
    await provider.release(interrupted, { runId: run.runId, stack: run.stack })
    await expect(provided.health()).rejects.toMatchObject({ blame: 'infra' })
    await provider.release(host, providerRun())
  })

  test('makes it anew for a run that asks again, also where an attempt before had died with it', async () => {
    const run = providerRun()
    await provideAndDie(name, run)
    const provided = await provide(run)
    await provided.health()
    await provided.release()
    await expect(provided.health()).rejects.toMatchObject({ blame: 'infra' })
  })

  test('sweeps what a killed run left, and neither a living run nor a kept one', async () => {
    const [dead, kept] = [providerRun(), { ...providerRun(), keep: true }]
    const living = await provide()
    const [, outputs] = await Promise.all([provideAndDie(name, dead), provideAndDie(name, kept)])
    try {
      const swept = await provider.sweep(host)
      expect(swept.filter((line) => line.includes(dead.runId) || line.includes(dead.stack))).toHaveLength(1)
      expect(swept.filter((line) => line.includes(kept.runId) || line.includes(kept.stack))).toEqual([])
      await living.health()
      await provider.attach(host, kept, outputs).health()
      expect(await provider.sweep(host)).toEqual([])
    } finally {
      await provider.release(host, kept)
      await provider.release(host, dead)
    }
  })

  test('is removed once, and with it what runs had', async () => {
    const provided = await provide()
    expect(await provider.remove(host.engine)).toBe(name === 'keycloak')
    expect(await provider.remove(host.engine)).toBe(false)
    if (name === 'keycloak') await expect(provided.health()).rejects.toMatchObject({ blame: 'infra' })
    await provided.release()
    expect(await provider.sweep(host)).toEqual([])
  })
})
