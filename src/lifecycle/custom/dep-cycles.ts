import { join } from 'node:path'
import { loadSettings } from '../../config/load.ts'
import { PROVIDER_NAMES } from '../../deps/names.ts'
import { RecipeError } from '../../lib/errors.ts'

/** Recipes may depend on recipes, but not in a circle. Throws RecipeError `config-invalid` that shows the circle. */
export async function refuseCycles(
  name: string,
  deps: readonly string[],
  operatorDir: string | undefined,
  above: readonly string[] = [],
): Promise<void> {
  const path = [...above, name]
  for (const dep of deps) {
    if (PROVIDER_NAMES.some((known) => known === dep) || operatorDir === undefined) continue
    if (path.includes(dep)) {
      throw new RecipeError('config-invalid', `dependencies go in a circle: ${[...path, dep].join(' → ')}`, {
        hint: 'Take one of them out of `deps`.',
      })
    }
    const { settings } = await loadSettings({ recipeDir: join(operatorDir, dep), recipeName: dep, operatorDir })
    await refuseCycles(dep, settings.deps, operatorDir, path)
  }
}
