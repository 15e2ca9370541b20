import type { Readable } from 'node:stream'
import { z } from 'zod'
import { CcCiError, InfraError, messageOf } from '../../lib/errors.ts'
import type { Engine } from '../client.ts'
import type { ImageState } from '../types.ts'

const COPY_DEADLINE_MS = 15 * 60_000
const problem = z.object({ error: z.string() })

/**
 * The image of that name on the engine's node, brought from the manager's engine where that built it and the node has another one or none: no registry has
 * it. `brought` says so. Null where neither has one. Throws InfraError `image-not-copied`.
 */
export async function bringImage(
  engine: Engine,
  ref: string,
  options: { readonly signal?: AbortSignal } = {},
): Promise<{ readonly image: ImageState; readonly brought: boolean } | null> {
  const here = await engine.image(ref)
  const built = engine.node === null ? null : await engine.home.image(ref)
  if (built === null || built.repoDigests.length > 0 || built.id === here?.id)
    return here && { image: here, brought: false }
  await copied(engine, ref, options)
  const image = await engine.image(ref)
  if (!image) throw notCopied(ref, engine, 'it is not there afterwards')
  return { image, brought: true }
}

/** Whatever breaks a copy is the machine's: a node that goes away meanwhile, one that takes for ever. */
async function copied(engine: Engine, ref: string, { signal: stop }: { readonly signal?: AbortSignal }): Promise<void> {
  const late = AbortSignal.timeout(COPY_DEADLINE_MS)
  try {
    await copyImage(engine, ref, stop ? AbortSignal.any([stop, late]) : late)
  } catch (error) {
    stop?.throwIfAborted()
    if (late.aborted) throw notCopied(ref, engine, `it took more than ${COPY_DEADLINE_MS / 60_000} minutes`)
    if (error instanceof CcCiError) throw error
    throw new InfraError(
      'engine-lost',
      `the copy of ${ref} to node ${engine.node?.hostname} broke off: ${messageOf(error)}`,
      {
        cause: error,
        hint: '`cc-ci nodes` shows whether the node is there.',
      },
    )
  }
}

/** What `docker save | docker load` does. */
async function copyImage(engine: Engine, ref: string, signal: AbortSignal): Promise<void> {
  const archive = await engine.home.connection.stream('GET', '/images/get', { query: { names: ref }, signal })
  const loaded = await engine.connection.stream('POST', '/images/load', { query: { quiet: true }, archive, signal })
  const said = await lastLine(loaded)
  const refused = problem.safeParse(said)
  if (refused.success) throw notCopied(ref, engine, refused.data.error)
}

/** The engine reports as JSON, a line each; an error is the last. */
async function lastLine(answer: Readable): Promise<unknown> {
  let rest = ''
  for await (const chunk of answer) rest = (rest + String(chunk)).slice(-10_000)
  try {
    return JSON.parse(rest.trim().split('\n').at(-1) ?? '')
  } catch {
    // Nothing was said, or something else: whether the image is there, decides.
    return null
  }
}

function notCopied(ref: string, { node }: Engine, why: string): InfraError {
  return new InfraError('image-not-copied', `the image ${ref} could not be copied to node ${node?.hostname}: ${why}`, {
    hint: 'Look at the disk of that node, or push the image to a registry that it can reach.',
  })
}
