import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { abraDeployer } from '../../src/deploy/abra/abra-deployer.ts'
import { PINNED } from '../../src/deploy/abra/versions.ts'
import type { Deployer } from '../../src/deploy/deployer.ts'
import { DEPLOYER_NAMES, type DeployerName } from '../../src/deploy/names.ts'
import { nativeDeployer } from '../../src/deploy/native/native-deployer.ts'
import { Engine } from '../../src/engine/client.ts'
import { converge } from '../../src/engine/convergence/converge.ts'
import { takeLedger } from '../../src/engine/ledger.ts'
import type { ServiceState } from '../../src/engine/types.ts'
import { ImageBuilder } from '../../src/images/builder.ts'
import { busybox } from '../../src/images/busybox.ts'
import { STAND_IN } from '../deploy/abra/stand-in.ts'
import { type ContractRecipe, contractRecipe } from './support/contract-recipe.ts'

/** The contract of `src/deploy/deployer.ts`, which every deployer keeps. abra is a stand-in: see docs/decisions/0048. */

let engine: Engine
beforeAll(async () => {
  engine = await Engine.connect()
  await new ImageBuilder(() => undefined).ensure(busybox())
})

const { signal } = new AbortController()

interface Opened {
  readonly deployer: Deployer
  readonly secrets: Map<string, string>
  readonly said: string[]
}

const OPEN: Readonly<Record<DeployerName, (recipe: ContractRecipe) => Opened>> = {
  native: () => opened((options) => nativeDeployer(engine, options)),
  abra: ({ dir }) => {
    const program = { file: STAND_IN, version: PINNED, commit: null }
    return opened((options) => abraDeployer(engine, { ...options, program, root: join(dir, 'homes') }))
  },
}

function opened(open: (options: Parameters<typeof nativeDeployer>[1]) => Deployer): Opened {
  const secrets = new Map<string, string>()
  const said: string[] = []
  const deployer = open({
    vips: false,
    mask: String,
    onSecret: (value, name) => void secrets.set(name, value),
    log: (line) => void said.push(line),
  })
  return { deployer, secrets, said }
}

it('each has a folder of its name', () => {
  const folders = readdirSync(join(import.meta.dirname, '../../src/deploy'), { withFileTypes: true })
  const names = folders.filter((entry) => entry.isDirectory()).map(({ name }) => name)
  expect(names.toSorted()).toEqual(DEPLOYER_NAMES.toSorted())
})

describe.concurrent.each(DEPLOYER_NAMES)('%s', (name) => {
  it('takes an app from nothing to nothing, by way of an upgrade', async ({ expect }) => {
    using recipe = await contractRecipe()
    const { app } = recipe
    const { deployer, secrets, said } = OPEN[name](recipe)
    await using _down = { [Symbol.asyncDispose]: () => deployer.undeploy(app, { timeoutMs: 120_000 }) }
    const first = await recipe.release('first')

    const prepared = await deployer.prepare(first, signal)
    await deployer.prepare(first, signal)
    expect(await engine.services(app.stack)).toEqual([])
    const [[secret, value] = ['', '']] = secrets
    expect([...secrets.keys()]).toEqual([`${app.stack}_token_v1`])
    expect(value).toHaveLength(20)

    const deployed = await deployer.deploy(prepared, signal)
    expect(deployed.before).toEqual([])
    expect(deployed.orphans).toEqual([])
    const ofSecrets = deployed.accommodations.filter((text) => text.startsWith('secrets: made by cc-ci'))
    expect(ofSecrets).toHaveLength(name === 'abra' ? 1 : 0)
    expect(deployed.services.map(({ service }) => service)).toEqual(['app', 'worker'])
    expect(deployed.images.map(({ id }) => id)).toEqual([
      expect.stringMatching(/^sha256:/),
      expect.stringMatching(/^sha256:/),
    ])
    const app1 = serviceOf(deployed.services, 'app')
    const label = (one: string) => app1.labels[`coop-cloud.${app.stack}.${one}`]
    expect([label('recipe'), label('chaos'), label('version'), label('timeout')]).toEqual([
      'contract',
      'true',
      '1.0.0+1',
      '90',
    ])
    expect(label('chaos-version')?.replace(/\+U$/, '')).toBe(first.commit.slice(0, 8))
    expect(environmentOf(app1)).toMatchObject({
      THEME: 'from compose',
      QUOTED: 'an "odd" $value',
      PRICE: '5$',
      DOMAIN: app.domain,
      WORDS_VERSION: 'v1',
    })
    expect(environmentOf(serviceOf(deployed.services, 'worker'))).toEqual({})
    expect(deployed.services.map(({ endpointMode }) => endpointMode)).toEqual(['dnsrr', 'dnsrr'])
    expect(deployed.services.map(limitsOf)).toEqual([{ Pids: 2048 }, { Pids: 2048 }])

    const up = await converge(engine, { stack: app.stack, expected: deployed.services, timeoutMs: 120_000 })
    expect(up.state).toBe('ready')
    const read = await deployer.exec(app, 'app', ['cat', '/run/secrets/token', '/words'], { timeoutMs: 30_000 })
    expect(read).toMatchObject({ exitCode: 0, stdout: `${value}words` })
    const told = await deployer.exec(app, 'app', ['cat'], { timeoutMs: 30_000, stdin: 'words from outside' })
    expect(told.stdout).toBe('words from outside')
    await expect(deployer.exec(app, 'nobody', ['true'], { timeoutMs: 30_000 })).rejects.toMatchObject({
      code: 'no-container',
    })

    const again = await deployer.deploy(await deployer.prepare(first, signal), signal)
    expect(again.services.map(({ templateHash }) => templateHash)).toEqual(
      deployed.services.map(({ templateHash }) => templateHash),
    )

    const second = await deployer.deploy(await deployer.prepare(await recipe.release('second'), signal), signal)
    expect(second.before.map(({ service }) => service)).toEqual(['app', 'worker'])
    expect(second.orphans).toEqual(['worker'])
    expect(serviceOf(second.services, 'app').specHash).not.toBe(app1.specHash)
    expect([...secrets.entries()]).toEqual([[secret, value]])

    const changed = await deployer.prepare(await recipe.release('changed-config'), signal)
    await expect(deployer.deploy(changed, signal)).rejects.toMatchObject({
      code: 'config-version-not-bumped',
      blame: 'recipe',
    })

    await deployer.undeploy(app, { timeoutMs: 120_000 })
    expect((await takeLedger(engine, app)).total).toBe(0)
    await deployer.undeploy(app, { timeoutMs: 120_000 })
    expect(said.join('\n')).not.toContain(value)
  })

  it('refuses a secret that only a person has before it makes any, and a stack of somebody else', async ({
    expect,
  }) => {
    using recipe = await contractRecipe()
    const { app } = recipe
    const { deployer, secrets } = OPEN[name](recipe)
    await using _down = { [Symbol.asyncDispose]: () => deployer.undeploy(app, { timeoutMs: 120_000 }) }
    await expect(deployer.prepare(await recipe.release('by-hand'), signal)).rejects.toMatchObject({
      code: 'secret-missing',
      blame: 'recipe',
    })
    expect(secrets.size).toBe(0)
    await deployer.deploy(await deployer.prepare(await recipe.release('first'), signal), signal)
    const stranger = OPEN[name](recipe)
    await expect(stranger.deployer.prepare(await recipe.release('first'), signal)).rejects.toMatchObject({
      code: 'stack-exists',
    })
  })
})

function serviceOf(services: readonly ServiceState[], name: string): ServiceState {
  const found = services.find(({ service }) => service === name)
  if (!found) throw new Error(`no service ${name}`)
  return found
}

interface Template {
  readonly ContainerSpec: { readonly Env?: readonly string[] }
  readonly Resources?: { readonly Limits?: object }
}

function environmentOf({ taskTemplate }: ServiceState): Record<string, string> {
  const { Env: pairs = [] } = (taskTemplate as Template).ContainerSpec
  return Object.fromEntries(pairs.map((pair) => [pair.split('=')[0], pair.slice(pair.indexOf('=') + 1)]))
}

function limitsOf({ taskTemplate }: ServiceState): object | undefined {
  return (taskTemplate as Template).Resources?.Limits
}
