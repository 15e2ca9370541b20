import type { Readable } from 'node:stream'
import { z } from 'zod'
import { InfraError } from '../../lib/errors.ts'
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
  await copyImage(engine, ref, options)
  const image = await engine.image(ref)
  if (!image) throw notCopied(ref, engine, 'it is not there afterwards')
  return { image, brought: true }
}

/** What `docker save | docker load` does. */
async function copyImage(
  engine: Engine,
  ref: string,
  { signal: stop }: { readonly signal?: AbortSignal },
): Promise<void> {
  const late = AbortSignal.timeout(COPY_DEADLINE_MS)
  const signal = stop ? AbortSignal.any([stop, late]) : late
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
