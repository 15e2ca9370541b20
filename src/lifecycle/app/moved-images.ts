import { existsSync, readFileSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { z } from 'zod'
import type { Deployment } from '../../deploy/deployer.ts'
import type { Finding } from '../../verdict/events.ts'
import { finding } from '../../verdict/findings.ts'
import { listRuns, type RunFolder, runFolder } from '../run-folder.ts'

type ImageIdentity = Deployment['images'][number]

/** Newest runs that are asked; older ones say nothing about what the reference meant lately. */
const RUNS_ASKED = 20

const resultsOf = z.object({
  images: z.array(z.object({ service: z.string(), ref: z.string(), id: z.string() })),
})

/**
 * Images whose reference meant another image when it was last seen in this state folder: upstream may have published again under the same
 * tag, and then every version of the recipe changes with it. A finding each; decides nothing.
 */
export function movedImages(folder: RunFolder, images: readonly ImageIdentity[]): Finding[] {
  const open = new Map(images.map((image) => [image.ref, image]))
  const found: Finding[] = []
  const runs = dirname(folder.dir)
  for (const run of listRuns(dirname(runs))
    .filter((id) => id !== basename(folder.dir))
    .slice(0, RUNS_ASKED)) {
    for (const earlier of imagesOf(runFolder(dirname(runs), run).results)) {
      const now = open.get(earlier.ref)
      if (!now) continue
      open.delete(earlier.ref)
      if (now.id !== earlier.id) found.push(moved(now, earlier.id, run))
    }
  }
  return found
}

function moved({ service, ref, id }: ImageIdentity, before: string, run: string): Finding {
  const message = `the image ${ref} of service ${service} is ${short(id)} now; in run ${run} it was ${short(before)}`
  return finding('image-moved', message)
}

function short(id: string): string {
  return id.slice(0, 19)
}

/** A run without results, or with damaged ones, has nothing to say. */
function imagesOf(file: string): readonly ImageIdentity[] {
  if (!existsSync(file)) return []
  try {
    return resultsOf.parse(JSON.parse(readFileSync(file, 'utf8'))).images
  } catch {
    return []
  }
}
