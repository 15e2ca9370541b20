import { FIXTURE_IMAGES } from '../../../fixtures/images/index.ts'
import { docker } from '../../../src/engine/docker-cli.ts'
import type { ImageDefinition } from '../../../src/images/definition.ts'

const MB = 1_000_000

/** One image of the fixtures, as it is on this engine. */
export interface ImageFacts {
  readonly tag: string
  /** What it stands on; null: nothing. */
  readonly from: string | null
  readonly megabytes: number
  /** Without that of what it stands on; null: it was there already. */
  readonly buildSeconds: number | null
  /** The recipes that use it; none: others stand on it. */
  readonly recipes: readonly string[]
}

/** The images of these recipes and all that they stand on, by tag. `buildMs`: those that were built just now. */
export async function imageFacts(
  recipes: readonly string[],
  buildMs: ReadonlyMap<string, number>,
): Promise<ImageFacts[]> {
  const users = new Map<string, { readonly definition: ImageDefinition; readonly recipes: string[] }>()
  const note = (definition: ImageDefinition, recipe: string | null) => {
    const user = users.get(definition.tag) ?? { definition, recipes: [] }
    users.set(definition.tag, user)
    if (recipe !== null && !user.recipes.includes(recipe)) user.recipes.push(recipe)
    if (definition.from) note(definition.from, null)
  }
  for (const recipe of recipes) for (const make of FIXTURE_IMAGES[recipe] ?? []) note(make(), recipe)
  const sorted = [...users.values()].sort((a, b) => (a.definition.tag < b.definition.tag ? -1 : 1))
  return Promise.all(
    sorted.map(async ({ definition: { tag, from }, recipes }) => {
      const built = buildMs.get(tag)
      return {
        tag,
        from: from?.tag ?? null,
        megabytes: (await sizeOf(tag)) / MB,
        buildSeconds: built === undefined ? null : built / 1000,
        recipes: recipes.toSorted(),
      }
    }),
  )
}

async function sizeOf(tag: string): Promise<number> {
  return Number((await docker(['image', 'inspect', '--format', '{{.Size}}', tag])).stdout.trim())
}
