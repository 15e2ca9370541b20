import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { ImageUse } from '../../deploy/deployer.ts'
import type { Engine } from '../../engine/client.ts'
import { type Clock, systemClock } from '../../lib/async/clock.ts'
import { writeJson } from '../../lib/files/atomic-file.ts'
import { randomId } from '../../lib/ids.ts'
import { machineLocks, tryMachineLock, withMachineLock } from '../../lib/process/machine-lock.ts'

const shape = z.object({
  schema: z.literal(1),
  /** As the recipe names it. */
  ref: z.string().min(1),
  /** Id of the engine that has it. */
  engine: z.string(),
  /** What the name meant when it was last used; null until the first pull was over. */
  id: z.string().nullable(),
  /** What it meant before, by our pulls. */
  earlier: z.array(z.string()).max(100),
  /** ISO 8601. */
  pulledAt: z.iso.datetime(),
  usedAt: z.iso.datetime(),
})

/** An image that runs of this state folder brought to an engine: `<state>/images/<hash>.json`. What was there before them is in no such file. */
export type PulledImage = z.infer<typeof shape>

/** Whoever looks whether an image is there, in order to use or to remove it. */
const LOCK = 'cc-ci-images'
/** While a process lives that uses an image it holds a name of this machine, which every other one can see. */
const HELD = 'cc-ci-image-'
const held = new Map<string, Disposable>()

/**
 * Tells of the images that a run uses. The record is written before the pull, and only where the engine has no such image yet; from then on until the end of this
 * process nobody prunes it.
 */
export function imageUse(state: string, engine: Engine, clock: Clock = systemClock): ImageUse {
  const now = () => new Date(clock.now()).toISOString()
  let engineId: Promise<string> | null = null
  const idOf = () => {
    engineId ??= engine.info().then(({ id }) => id)
    return engineId
  }
  return {
    async before(ref) {
      const on = await idOf()
      await withImages(async () => {
        await hold(ref)
        const known = await readPulled(state, on, ref)
        if (known) return write(state, { ...known, usedAt: now() })
        if (await engine.image(ref)) return
        await write(state, { schema: 1, ref, engine: on, id: null, earlier: [], pulledAt: now(), usedAt: now() })
      })
    },
    async after(ref, id) {
      const on = await idOf()
      await withImages(async () => {
        const known = await readPulled(state, on, ref)
        if (!known) return
        const moved = known.id !== null && known.id !== id
        const earlier = moved ? [...known.earlier, known.id as string].slice(-100) : known.earlier
        await write(state, { ...known, id, earlier: earlier.filter((one) => one !== id), usedAt: now() })
      })
    },
  }
}

/** Acts while nobody else of this machine begins to use an image, or removes one. Short: everybody waits for it. */
export function withImages<T>(act: () => Promise<T>): Promise<T> {
  return withMachineLock(() => {}, act, LOCK)
}

/** Whether a process of this machine is using the image now, whatever its state folder. */
export function isHeld(ref: string): boolean {
  return machineLocks(`${HELD}${hashOf(ref)}-`).length > 0
}

/** What is recorded of an engine, oldest use first. Damaged records tell nothing, and nothing of theirs is removed. */
export async function pulledImages(state: string, engine: string): Promise<readonly PulledImage[]> {
  const dir = folderOf(state)
  const names = existsSync(dir) ? readdirSync(dir).filter((name) => name.endsWith('.json')) : []
  const found = await Promise.all(names.map((name) => read(join(dir, name))))
  return found
    .filter((one) => one !== null)
    .filter((one) => one.engine === engine)
    .sort((a, b) => a.usedAt.localeCompare(b.usedAt) || a.ref.localeCompare(b.ref))
}

export function readPulled(state: string, engine: string, ref: string): Promise<PulledImage | null> {
  return read(fileOf(state, engine, ref))
}

export function forgetPulled(state: string, { engine, ref }: Pick<PulledImage, 'engine' | 'ref'>): void {
  rmSync(fileOf(state, engine, ref), { force: true })
}

async function hold(ref: string): Promise<void> {
  if (held.has(ref)) return
  const lock = await tryMachineLock(`${HELD}${hashOf(ref)}-${randomId(10)}`)
  if (lock) held.set(ref, lock)
}

async function read(file: string): Promise<PulledImage | null> {
  try {
    return shape.parse(JSON.parse(await readFile(file, 'utf8')))
  } catch {
    return null
  }
}

async function write(state: string, image: PulledImage): Promise<void> {
  mkdirSync(folderOf(state), { recursive: true, mode: 0o700 })
  await writeJson(fileOf(state, image.engine, image.ref), image)
}

function folderOf(state: string): string {
  return join(state, 'images')
}

function fileOf(state: string, engine: string, ref: string): string {
  return join(folderOf(state), `${hashOf(`${engine}\n${ref}`)}.json`)
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 24)
}
