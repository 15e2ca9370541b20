import { readFileSync, rmSync } from 'node:fs'
import { z } from 'zod'
import { providerOf } from '../../deps/index.ts'
import type { DependencyOutputs, ProvidedDependency } from '../../deps/provider.ts'
import { InfraError } from '../../lib/errors.ts'
import { writeJsonSync } from '../../lib/files/atomic-file.ts'
import type { RunContext } from '../context.ts'
import type { AttachedRun } from '../plan.ts'
import type { RunFolder } from '../run-folder.ts'
import { dependencyFailure, providerHost } from './deps.ts'

const fileShape = z.object({
  schema: z.literal(1),
  deps: z.record(
    z.string(),
    z.object({
      credentials: z.record(z.string(), z.string()),
      secrets: z.array(z.string()),
      reach: z.object({ stack: z.string(), domain: z.string() }).nullable(),
      authority: z.string().nullable(),
    }),
  ),
})

type RetainedDeps = Readonly<Record<string, DependencyOutputs>>

/**
 * Stores the outputs of each dependency beside the record of a run whose app stays up, so that another process can use it. Credentials are among it:
 * the file is its owner's alone, is never uploaded, and goes with the app.
 */
export function keepDeps({ resources, folder }: Pick<RunContext, 'resources' | 'folder'>): void {
  const outputsOf = ({ credentials, secrets, reach, authority }: ProvidedDependency) => ({
    credentials,
    secrets,
    reach,
    authority,
  })
  const deps = Object.fromEntries([...resources.deps.provided].map(([name, provided]) => [name, outputsOf(provided)]))
  writeJsonSync(folder.retainedDeps, { schema: 1, deps })
}

/** Nothing of the dependencies is left: neither is what was kept of them. */
export function forgetRetainedDeps({ retainedDeps }: Pick<RunFolder, 'retainedDeps'>): void {
  rmSync(retainedDeps, { force: true })
}

/**
 * Takes up the dependencies of the kept run that this one looks at; nothing is made, and nothing is registered for release. One that the
 * settings name and the kept run did not have is remembered as failed.
 */
export async function attachDeps(
  context: RunContext,
  attached: AttachedRun,
  attachRecipe: (context: RunContext, name: string, outputs: DependencyOutputs) => ProvidedDependency,
): Promise<void> {
  const retained = readRetainedDeps(attached)
  const { app, custom } = context.plan
  for (const name of custom.found.settings.deps) {
    const outputs = Object.hasOwn(retained, name) ? retained[name] : undefined
    if (outputs) {
      for (const secret of outputs.secrets) context.masker.add(secret)
      const provider = await providerOf(name)
      const run = { runId: attached.runId, stack: app.stack }
      const provided = provider?.attach(providerHost(context), run, outputs) ?? attachRecipe(context, name, outputs)
      context.resources.deps.provided.set(name, provided)
    } else {
      context.resources.deps.failures.set(name, dependencyFailure(context, name, notRetained(attached, name)))
    }
  }
}

function notRetained({ runId }: AttachedRun, name: string): InfraError {
  return new InfraError('dep-not-kept', `run ${runId} was kept without ${name}`)
}

/** A run that was kept without the file had no dependencies, or nobody could say what they gave. */
function readRetainedDeps({ folder }: AttachedRun): RetainedDeps {
  try {
    return fileShape.parse(JSON.parse(readFileSync(folder.retainedDeps, 'utf8'))).deps
  } catch {
    return {}
  }
}
