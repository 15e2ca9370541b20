import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { RecipeError } from '../../src/lib/errors.ts'
import { readTree } from '../../src/recipe/files/tree.ts'
import { appEnv } from '../../src/recipe/stack/app-env.ts'
import { refuseBadImages } from '../../src/recipe/stack/bad-images.ts'
import { composeText } from '../../src/recipe/stack/compose-text.ts'
import { composeFiles, resolveStack } from '../../src/recipe/stack/resolve.ts'
import { comparable } from './comparable.ts'
import { hasStackConfig, stackConfig, stackDeployRefusal } from './docker-cli.ts'
import { agreeableEngine } from './small/agreeable-engine.ts'

const corpus = join(import.meta.dirname, 'corpus')
const recipes = readdirSync(corpus).sort()
const overrides = { STACK_NAME: 'app_example_com' }

/**
 * `golden.json` beside each recipe is what the docker CLI 28 made of it, `refused.txt` its words where it does not read or does not deploy it. Record again, with a
 * CLI that has `stack config`, by `CC_CI_RECORD=1`.
 */
const live = await hasStackConfig()
const record = process.env.CC_CI_RECORD === '1'

async function load(name: string) {
  const dir = join(corpus, name)
  const tree = await readTree(dir)
  const env = appEnv(tree, overrides)
  return { dir, env, stack: await resolveStack(tree, env) }
}

const path = (name: string, file: string) => join(corpus, name, file)
const isRefused = (name: string) => existsSync(path(name, 'refused.txt'))
const golden = (name: string): unknown => JSON.parse(readFileSync(path(name, 'golden.json'), 'utf8'))

async function askCli(name: string, host?: string): Promise<{ document?: unknown; refused?: string }> {
  const dir = join(corpus, name)
  const env = appEnv(await readTree(dir), overrides)
  const variables = Object.fromEntries(env)
  const answer = await stackConfig(dir, composeFiles(env), variables)
  if ('refused' in answer || host === undefined) return answer
  const refused = await stackDeployRefusal(dir, composeFiles(env), { ...variables, DOCKER_HOST: host })
  return refused === null ? answer : { refused: refused.replaceAll(`${dir}/`, '') }
}

test('the corpus is large enough to mean something', () => {
  expect(recipes.length).toBeGreaterThanOrEqual(60)
  expect(recipes.filter(isRefused).length).toBeGreaterThanOrEqual(12)
  if (record) expect(live, 'recording needs a docker CLI with "stack config" (25 or newer)').toBe(true)
})

if (record) {
  test.each(recipes)('%s is recorded', async (name) => {
    await using engine = await agreeableEngine()
    const { document, refused } = await askCli(name, engine.host)
    for (const file of ['golden.json', 'refused.txt']) await rm(path(name, file), { force: true })
    if (refused === undefined) await writeFile(path(name, 'golden.json'), `${JSON.stringify(document, null, 2)}\n`)
    else await writeFile(path(name, 'refused.txt'), `${refused}\n`)
  })
}

describe.each(recipes.filter((name) => !isRefused(name)))('%s', (name) => {
  test('resolves as the docker CLI did when it was recorded', async () => {
    const { stack } = await load(name)
    refuseBadImages(stack)
    expect(comparable(stack.model)).toEqual(comparable(golden(name)))
  })

  if (!live) return

  test('the installed docker CLI still says the same, and reads our text as the same stack', async () => {
    const { document, refused } = await askCli(name)
    expect(refused).toBeUndefined()
    expect(comparable(document)).toEqual(comparable(golden(name)))
    const { dir, stack } = await load(name)
    const text = composeText(stack.model)
    const again = await stackConfig(dir, ['-'], {}, text)
    expect(again).not.toHaveProperty('refused')
    const expected: unknown = parse(text.replaceAll('$$', '$'), { version: '1.1' })
    expect('document' in again && comparable(again.document)).toEqual(comparable(expected))
  })
})

test.each(recipes.filter(isRefused))('%s is refused with its place, as the docker CLI refused it', async (name) => {
  const refusal = await load(name)
    .then(({ stack }) => refuseBadImages(stack))
    .catch((error: unknown) => error)
  expect(refusal).toBeInstanceOf(RecipeError)
  expect((refusal as RecipeError).describe()).toMatch(/^(compose\.yml|\.env\.sample):\d+:\d+: /)
})
