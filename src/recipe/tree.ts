import { collect } from '../lib/collect.ts'
import { type RecipeError, RecipeErrors } from '../lib/errors.ts'
import { readAbraExports } from './abra-exports.ts'
import { parseEnvSample } from './env-sample.ts'
import { readMetadata } from './metadata.ts'
import type { RecipeTree } from './model.ts'
import { readText } from './text-file.ts'

/** Reads what stands beside the compose files. A missing file reads as an empty one; all problems come as one RecipeErrors. */
export async function readTree(dir: string): Promise<RecipeTree> {
  const errors: RecipeError[] = []
  const env = await collect(errors, async () => parseEnvSample((await readText(dir, '.env.sample')) ?? ''))
  const abraExports = await collect(errors, async () => readAbraExports((await readText(dir, 'abra.sh')) ?? ''))
  const metadata = await collect(errors, async () => readMetadata((await readText(dir, 'README.md')) ?? ''))
  if (!env || !abraExports || errors.length > 0) throw new RecipeErrors(errors)
  return { dir, env, abraExports, metadata }
}
