import { RecipeError, RecipeErrors } from '../lib/errors.ts'
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
  if (!env || !abraExports || metadata === undefined) throw new RecipeErrors(errors)
  return { dir, env, abraExports, metadata }
}

async function collect<T>(errors: RecipeError[], read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read()
  } catch (error) {
    if (error instanceof RecipeErrors) errors.push(...error.errors)
    else if (error instanceof RecipeError) errors.push(error)
    else throw error
    return undefined
  }
}
