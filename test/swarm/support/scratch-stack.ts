import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Deployer, type Deployment, NO_ADDITIONS, type Release } from '../../../src/deploy/deployer.ts'
import { nativeDeployer } from '../../../src/deploy/native/native-deployer.ts'
import type { Engine } from '../../../src/engine/client.ts'
import { type ConvergeResult, converge } from '../../../src/engine/convergence/converge.ts'
import { takeLedger } from '../../../src/engine/ledger.ts'
import { newRunId, randomId } from '../../../src/lib/ids.ts'
import type { ComposeModel, ComposeService, SecretSpec } from '../../../src/recipe/model.ts'

export const IMAGE = 'cc-ci-fixtures/busybox:1'

/** A stack of tiny services, deployed as the native deployer does it and gone when the scope ends; fails when it leaves something. */
export interface ScratchStack extends AsyncDisposable {
  readonly stack: string
  readonly runId: string
  /** Where relative file paths of a model begin. */
  readonly dir: string
  readonly deployer: Deployer
  readonly secretValues: string[]
  deploy(services: Record<string, ComposeService>, extra?: Extra): Promise<Deployment>
  /** Waits for what was deployed; `timeoutMs` is 60 s. */
  wait(deployed: Deployment, timeoutMs?: number): Promise<ConvergeResult>
  /** Deploys and waits; `timeoutMs` is 60 s. */
  up(services: Record<string, ComposeService>, extra?: Extra): Promise<ConvergeResult>
}

interface Extra {
  readonly model?: Partial<ComposeModel>
  readonly secrets?: readonly SecretSpec[]
  readonly commit?: string
  readonly added?: Release['added']
  readonly timeoutMs?: number
}

export function scratchStack(engine: Engine): ScratchStack {
  const [stack, runId] = [`cv_${randomId(8)}`, newRunId(Date.now())]
  const dir = mkdtempSync(join(tmpdir(), 'cc-ci-stack-'))
  const secretValues: string[] = []
  const deployer = nativeDeployer(engine, {
    vips: false,
    mask: String,
    onSecret: (value) => void secretValues.push(value),
  })
  const app = { runId, stack, domain: `${stack}.test`, recipe: 'scratch', repository: dir }
  const deploy: ScratchStack['deploy'] = async (services, extra = {}) => {
    const model = { services, networks: {}, volumes: {}, secrets: {}, configs: {}, ...extra.model }
    const release: Release = {
      app,
      dir,
      commit: extra.commit ?? 'a'.repeat(40),
      version: '1.0.0+1',
      chaos: true,
      dirty: false,
      added: extra.added ?? NO_ADDITIONS,
      env: new Map(),
      stack: { model, files: [], findings: [], place: () => undefined },
      secrets: extra.secrets ?? [],
    }
    const { signal } = new AbortController()
    return deployer.deploy(await deployer.prepare(release, signal), signal)
  }
  const wait: ScratchStack['wait'] = ({ services, before }, timeoutMs = 60_000) =>
    converge(engine, { stack, expected: services, before, timeoutMs })
  return {
    stack,
    runId,
    dir,
    deployer,
    secretValues,
    deploy,
    wait,
    up: async (services, extra = {}) => wait(await deploy(services, extra), extra.timeoutMs),
    async [Symbol.asyncDispose]() {
      rmSync(dir, { recursive: true, force: true })
      await deployer.undeploy(app, { timeoutMs: 60_000 })
      const left = await takeLedger(engine, { stack, runId })
      if (left.total > 0) throw new Error(`left behind: ${JSON.stringify(left.items)}`)
    },
  }
}

/** A service that runs a shell script. `deploy` as in a compose file. */
export function sh(script: string, deploy: ComposeService['deploy'] = {}, rest: ComposeService = {}): ComposeService {
  return { image: IMAGE, command: ['/bin/sh', '-c', script], stop_grace_period: '1s', deploy, ...rest }
}

export const FOREVER = 'trap "exit 0" TERM; while :; do sleep 1; done'
