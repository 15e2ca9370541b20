import { existsSync, readdirSync } from 'node:fs'
import { resolve } from 'node:path'
import { buildRecipe, REAL_RECIPES } from '../../fixtures/recipes/build.ts'
import { CANARIES } from '../../src/canaries/set/index.ts'

/**
 * `scripts/dev/recipe.ts NAME DIR`: the git repository of a fixture recipe, or of a canary, in a new folder, so that a command of cc-ci can be tried on it:
 * `bin/cc-ci lint DIR`. Without arguments it prints the names.
 */
const NAMES = [...REAL_RECIPES, ...Object.keys(CANARIES)]
const [name, dir] = process.argv.slice(2)
if (name === undefined) process.stdout.write(`${NAMES.join('\n')}\n`)
else if (dir === undefined || !NAMES.includes(name))
  fail(`expected NAME DIR; without arguments it prints the names. Got: ${name} ${dir ?? ''}`)
else if (existsSync(dir) && readdirSync(dir).length > 0) fail(`${dir} is not empty`)
else {
  const { tags } = await buildRecipe(name, resolve(dir))
  process.stdout.write(`${resolve(dir)}: ${tags.join(', ')}, and head\n`)
}

function fail(message: string): void {
  process.stderr.write(`${message}\n`)
  process.exitCode = 2
}
