import type { Engine } from '../engine/client.ts'
import { UsageError } from '../lib/errors.ts'
import { badImages } from '../recipe/stack/bad-images.ts'
import { cause } from '../verdict/causes.ts'
import { DeployFailure } from './deploy-failure.ts'
import type { App, PreparedRelease, Release } from './deployer.ts'
import { refuseMissingVolumes } from './external-volumes.ts'
import { type ImageOptions, resolveImages } from './images.ts'

export interface BeforeDeploying extends ImageOptions {
  /** Stacks that this deployer has made; the release's joins them. */
  readonly ours: Set<string>
}

/** What every deployer does first, without changing anything that runs: refuses what cannot be deployed, and resolves every image to an id. */
export async function beforeDeploying(
  engine: Engine,
  release: Release,
  { ours, ...images }: BeforeDeploying,
): Promise<PreparedRelease> {
  await refuseForeignStack(engine, release.app, ours)
  await refuseMissingVolumes(engine, release)
  failOnBadImages(release)
  const resolved = await resolveImages(engine, release.stack.model, images)
  images.signal.throwIfAborted()
  ours.add(release.app.stack)
  return { release, ...resolved }
}

/** Names are random, so that a stack of this name that we did not make is a mistake somewhere: never touch it. */
async function refuseForeignStack(engine: Engine, app: App, ours: ReadonlySet<string>): Promise<void> {
  if (ours.has(app.stack)) return
  const there = await engine.services(app.stack)
  if (there.length === 0) return
  throw new UsageError('stack-exists', `a stack named ${app.stack} runs already and is not of this run`, {
    hint: `If nobody needs it, remove it with 'docker stack rm ${app.stack}'.`,
  })
}

function failOnBadImages({ stack }: Release): void {
  const [first, ...more] = badImages(stack)
  if (!first) return
  const { service, problem } = first
  const lines = [first, ...more].map((one) => one.problem.describe())
  throw new DeployFailure(cause('compose-invalid', problem.message, { service, lines, hint: problem.hint }))
}
