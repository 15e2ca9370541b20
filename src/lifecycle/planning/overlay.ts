import { copyFile, lstat } from 'node:fs/promises'
import { join } from 'node:path'
import type { CustomFile } from '../../config/customization.ts'
import { RecipeError, RecipeErrors } from '../../lib/errors.ts'
import type { ResolvedStack } from '../../recipe/model.ts'
import { OVERLAY } from './release.ts'

/** Copies the CI overlay into a checkout of the run. Throws RecipeError when the recipe has a file of that name itself. */
export async function applyOverlay(overlay: CustomFile, checkout: string): Promise<void> {
  const to = join(checkout, OVERLAY)
  if (await lstat(to).catch(() => null)) {
    throw new RecipeError(
      'config-invalid',
      `the recipe has a file ${OVERLAY} of its own, which the CI overlay would replace`,
      {
        where: { file: OVERLAY },
        hint: `Keep the CI overlay in ${overlay.shown} alone, and give the other file another name.`,
      },
    )
  }
  await copyFile(overlay.path, to)
}

/** An overlay is for the environment: with another image something else than this version would be tested. Throws RecipeErrors. */
export function refuseOverlayImages(plain: ResolvedStack, overlaid: ResolvedStack, overlay: CustomFile): void {
  const changed = Object.entries(plain.model.services).filter(
    ([name, { image }]) => overlaid.model.services[name]?.image !== image,
  )
  if (changed.length === 0) return
  throw new RecipeErrors(
    changed.map(([name, { image }]) => {
      const place = overlaid.place(['services', name, 'image'])
      const other = overlaid.model.services[name]?.image ?? 'none'
      return new RecipeError(
        'config-invalid',
        `the CI overlay changes the image of ${name} from ${image} to ${other}`,
        {
          where: { ...place, file: overlay.shown },
          hint: 'That would test something other than this version. Change the image in compose.yml, or leave it.',
        },
      )
    }),
  )
}
