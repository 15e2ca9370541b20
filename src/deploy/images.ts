import type { Engine } from '../engine/client.ts'
import { bringImage } from '../engine/nodes/bring-image.ts'
import type { ImageState } from '../engine/types.ts'
import { CcCiError, messageOf } from '../lib/errors.ts'
import { isNoSpace } from '../lib/files/no-space.ts'
import type { ComposeModel } from '../recipe/model.ts'
import { cause } from '../verdict/causes.ts'
import { DeployFailure } from './deploy-failure.ts'
import type { ImageUse } from './deployer.ts'
import { blameRecipe } from './refusal.ts'

const PULL_DEADLINE_MS = 15 * 60_000

interface PinnedImage {
  readonly ref: string
  readonly pinned: string
  readonly id: string
  readonly sizeBytes: number
  readonly healthPauses: ImageState['healthPauses']
}

export interface ResolvedImages {
  readonly images: ReadonlyMap<string, PinnedImage>
  readonly accommodations: readonly string[]
}

export interface ImageOptions {
  readonly signal: AbortSignal
  readonly log?: (line: string) => void
  /** Default: nobody keeps book. */
  readonly use?: ImageUse | undefined
}

/**
 * Every image of the model as an id that the engine has. One that was built here (it has no registry digest) is used as it is; any
 * other is pulled, so that a moved tag is seen; where no registry answers, the local image serves. Throws DeployFailure
 * `image-unpullable`: blame recipe when the registry says it does not exist, infra when none answered.
 */
export async function resolveImages(
  engine: Engine,
  model: ComposeModel,
  options: ImageOptions,
): Promise<ResolvedImages> {
  const accommodations: string[] = []
  const byRef = new Map<string, PinnedImage>()
  const images = new Map<string, PinnedImage>()
  for (const [service, { image: ref }] of Object.entries(model.services)) {
    if (!ref) throw new DeployFailure(cause('compose-invalid', `service ${service} has no image`, { service }))
    const known = byRef.get(ref) ?? (await resolveImage(engine, { ref, service, ...options }, accommodations))
    byRef.set(ref, known)
    images.set(service, known)
  }
  return { images, accommodations }
}

type Wanted = ImageOptions & { readonly ref: string; readonly service: string }

async function resolveImage(engine: Engine, wanted: Wanted, accommodations: string[]): Promise<PinnedImage> {
  const { ref, use } = wanted
  await use?.before(ref)
  const found = await findImage(engine, wanted, accommodations)
  await use?.after(ref, found.id)
  return found
}

async function findImage(engine: Engine, wanted: Wanted, accommodations: string[]): Promise<PinnedImage> {
  const { ref, service, signal } = wanted
  const local = await blameRecipe(`the image ${ref}`, () => bringImage(engine, ref, { signal }), service)
  if (local && local.image.repoDigests.length === 0) {
    const where = engine.node ? `its manager's machine, and is on node ${engine.node.hostname}` : 'this machine'
    accommodations.push(`image ${ref} was built on ${where}: used by its id, not pulled`)
    return { ref, pinned: local.image.id, ...facts(local.image) }
  }
  const refused = await pullError(engine, wanted)
  const image = await engine.image(ref)
  if (refused === null && image) return { ref, pinned: pinnedRef(ref, image), ...facts(image) }
  const missing = refused instanceof CcCiError && refused.code === 'image-not-found'
  if (image && !missing) {
    accommodations.push(
      `image ${ref}: no registry answered, the local image of that name is used (${messageOf(refused)})`,
    )
    return { ref, pinned: pinnedRef(ref, image), ...facts(image) }
  }
  throw unpullable({ ref, service, missing }, refused)
}

function facts({ id, sizeBytes, healthPauses }: ImageState): Pick<PinnedImage, 'id' | 'sizeBytes' | 'healthPauses'> {
  return { id, sizeBytes, healthPauses }
}

async function pullError(engine: Engine, { ref, service, signal, log }: Wanted): Promise<unknown> {
  try {
    await engine.pull(ref, { timeoutMs: PULL_DEADLINE_MS, signal, ...(log ? { onProgress: log } : {}) })
    return null
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof CcCiError && (error.code === 'engine-lost' || error.code === 'engine-answer')) throw error
    if (isNoSpace(error)) {
      const message = `there is no room for the image ${ref} of service ${service}: ${messageOf(error)}`
      throw new DeployFailure(cause('disk-full', message, { service }), error)
    }
    return error
  }
}

function unpullable(
  { ref, service, missing }: { ref: string; service: string; missing: boolean },
  why: unknown,
): DeployFailure {
  const hint = missing
    ? `Check the image of service ${service}: name and tag, and that it is public.`
    : "No registry answered the engine: 'cc-ci doctor' checks it. Nothing is known about the recipe."
  const blame = missing ? 'recipe' : 'infra'
  const message = `the image ${ref} of service ${service} cannot be pulled`
  return new DeployFailure(cause('image-unpullable', message, { blame, hint, service, lines: [messageOf(why)] }), why)
}

/** `name:tag@digest` where a registry gave it a digest, otherwise the id: either way the engine asks no registry again. */
function pinnedRef(ref: string, image: ImageState): string {
  if (ref.includes('@')) return ref
  const name = ref.replace(/:[^:/]*$/, '')
  const short = (text: string) => text.replace(/^docker\.io\//, '').replace(/^library\//, '')
  const digest = image.repoDigests.find((known) => short(known.split('@')[0] ?? '') === short(name))
  return digest ? `${ref}@${digest.split('@')[1]}` : image.id
}
