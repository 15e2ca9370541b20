import { readdirSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { readTree } from '../../src/recipe/files/tree.ts'
import { appEnv } from '../../src/recipe/stack/app-env.ts'
import { composeText } from '../../src/recipe/stack/compose-text.ts'
import { composeFiles, resolveStack } from '../../src/recipe/stack/resolve.ts'
import { comparable } from './comparable.ts'
import { hasStackConfig, stackConfig } from './docker-cli.ts'

const corpus = join(import.meta.dirname, 'corpus')
const recipes = readdirSync(corpus).sort()
const overrides = { STACK_NAME: 'app_example_com' }

/**
 * `golden.json` beside each recipe is what the docker CLI 28 made of it. Record again, with a CLI that has `stack config`, by
 * `CC_CI_RECORD=1`.
 */
const live = await hasStackConfig()
const record = process.env.CC_CI_RECORD === '1'

async function load(name: string) {
  const dir = join(corpus, name)
  const tree = await readTree(dir)
  const env = appEnv(tree, overrides)
  return { dir, env, stack: await resolveStack(tree, env) }
}

async function fromCli(name: string): Promise<unknown> {
  const { dir, env } = await load(name)
  const answer = await stackConfig(dir, composeFiles(env), Object.fromEntries(env))
  if ('refused' in answer) throw new Error(`the docker CLI refuses ${name}: ${answer.refused}`)
  return answer.document
}

test('the corpus is large enough to mean something', () => {
  expect(recipes.length).toBeGreaterThanOrEqual(12)
  if (record) expect(live, 'recording needs a docker CLI with "stack config" (25 or newer)').toBe(true)
})

describe.each(recipes)('%s', (name) => {
  if (record) {
    test('is recorded', async () => {
      await writeFile(join(corpus, name, 'golden.json'), `${JSON.stringify(await fromCli(name), null, 2)}\n`)
    })
  }

  test('resolves as the docker CLI did when it was recorded', async () => {
    const golden: unknown = JSON.parse(await readFile(join(corpus, name, 'golden.json'), 'utf8'))
    const { stack } = await load(name)
    expect(comparable(stack.model)).toEqual(comparable(golden))
  })

  if (!live) return

  test('the installed docker CLI still says the same, and reads our text as the same stack', async () => {
    const golden: unknown = JSON.parse(await readFile(join(corpus, name, 'golden.json'), 'utf8'))
    expect(comparable(await fromCli(name))).toEqual(comparable(golden))
    const { dir, stack } = await load(name)
    const text = composeText(stack.model)
    const again = await stackConfig(dir, ['-'], {}, text)
    expect(again).not.toHaveProperty('refused')
    const expected: unknown = parse(text.replaceAll('$$', '$'), { version: '1.1' })
    expect('document' in again && comparable(again.document)).toEqual(comparable(expected))
  })
})
