import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { RecipeErrors } from '../../src/lib/errors.ts'
import { readTree } from '../../src/recipe/files/tree.ts'
import type { ComposeModel } from '../../src/recipe/model.ts'
import { refuseBadImages } from '../../src/recipe/stack/bad-images.ts'
import { composeText } from '../../src/recipe/stack/compose-text.ts'
import { resolveStack } from '../../src/recipe/stack/resolve.ts'
import { comparable } from './comparable.ts'
import { hasStackConfig, stackConfig, stackDeployRefusal } from './docker-cli.ts'
import { agreeableEngine } from './small/agreeable-engine.ts'
import { CASES, type Case, ENV } from './small/cases.ts'
import { DIFFERENCES } from './small/differences.ts'
import { folder } from './throwaway.ts'

/** What the docker CLI made of a case: its document, and its words where it refuses to read or to deploy it. */
interface Answer {
  readonly document?: unknown
  readonly refused?: string
  readonly deployRefused?: string
}

/**
 * `small/golden.json` has what the docker CLI 28 said. Record again, with a CLI that has `stack config`, by `CC_CI_RECORD=1`.
 * Many calls at once, because one takes 20 to 50 ms.
 */
const GOLDEN = join(import.meta.dirname, 'small', 'golden.json')
const AT_ONCE = 4
/** Kinds whose stacks our text for the CLI is tried with too: every type of value, every version, every form of a port. */
const TEXT_KINDS = new Set(['yaml', 'young keys', 'ports'])
const live = await hasStackConfig()
const kinds = Object.entries(CASES)

if (process.env.CC_CI_RECORD === '1') {
  test('is recorded', { timeout: 600_000 }, async () => {
    expect(live, 'recording needs a docker CLI with "stack config" (25 or newer)').toBe(true)
    await using engine = await agreeableEngine()
    const recorded: Record<string, Record<string, Answer>> = {}
    for (const [kind, cases] of kinds) {
      const answers = await inGroups(cases, async (one) => [one[0], await askCli(one, engine.host)] as const)
      recorded[kind] = Object.fromEntries(answers)
    }
    await writeFile(GOLDEN, `${JSON.stringify(recorded, null, 1)}\n`)
  })
}

const golden = JSON.parse(await readFile(GOLDEN, 'utf8')) as Record<string, Record<string, Answer>>

test('the corpus is large, and no two of its cases have one name', () => {
  for (const [kind, cases] of kinds) expect(new Set(cases.map(([name]) => name)).size, kind).toBe(cases.length)
  expect(kinds.flatMap(([, cases]) => cases).length).toBeGreaterThanOrEqual(600)
})

test('every listed difference is a case', () => {
  const known = kinds.flatMap(([kind, cases]) => cases.map(([name]) => `${kind}: ${name}`))
  for (const name of Object.keys(DIFFERENCES)) expect(known).toContain(name)
})

describe.each(kinds)('%s', (kind, cases) => {
  test.each(cases.map((one) => ({ name: one[0], one })))('$name', async ({ name, one }) => {
    const theirs = golden[kind]?.[name]
    if (!theirs) throw new Error('is not recorded: CC_CI_RECORD=1')
    const ours = await resolve(one)
    const [said, wanted] = [verdict(ours), verdict(theirs)]
    if (`${kind}: ${name}` in DIFFERENCES) expect(said).not.toEqual(wanted)
    else expect(said, theirs.refused ?? theirs.deployRefused ?? ours.refused).toEqual(wanted)
  })

  if (!live) return
  test('the installed docker CLI still says the same, and reads our text as the same stack', async () => {
    await inGroups(cases, async (one) => {
      const { document, refused } = await askCli(one)
      expect(Boolean(refused), `${one[0]}: ${refused}`).toBe(Boolean(golden[kind]?.[one[0]]?.refused))
      if (refused) return
      expect(comparable(document), one[0]).toEqual(comparable(golden[kind]?.[one[0]]?.document))
      const { model } = TEXT_KINDS.has(kind) ? await resolve(one) : {}
      if (model) expect(await stackConfig('/', ['-'], {}, composeText(model)), one[0]).not.toHaveProperty('refused')
    })
  }, 120_000)
})

test('nothing was refused without saying where', async () => {
  for (const [, cases] of kinds) {
    for (const one of cases) expect((await resolve(one)).places.every(Boolean), one[0]).toBe(true)
  }
})

/** Refused, or the stack. */
function verdict({ refused, deployRefused, document, model }: Answer & { model?: ComposeModel }): unknown {
  return refused || deployRefused ? 'refused' : comparable(model ?? document)
}

async function resolve([, ...files]: Case) {
  const names = files.map((_, index) => `${index}.yml`)
  const dir = await folder(Object.fromEntries(names.map((name, index) => [name, files[index] ?? ''])))
  const env = new Map(Object.entries({ ...ENV, COMPOSE_FILE: names.join(':') }))
  try {
    const stack = await resolveStack(await readTree(dir), env)
    refuseBadImages(stack)
    return { model: stack.model, places: [] }
  } catch (error) {
    if (!(error instanceof RecipeErrors)) throw error
    return { refused: error.message, places: error.errors.map(({ where }) => where) }
  }
}

async function askCli([, ...files]: Case, engine?: string): Promise<Answer> {
  const names = files.map((_, index) => `${index}.yml`)
  const dir = await folder(Object.fromEntries(names.map((name, index) => [name, files[index] ?? ''])))
  const read = await stackConfig(dir, names, ENV)
  // Only the last line is about the file; a panic has more.
  if ('refused' in read) return { refused: read.refused.split('\n')[0] ?? '' }
  const refusal = engine ? await stackDeployRefusal(dir, names, { ...ENV, DOCKER_HOST: engine }) : null
  return { document: read.document, ...(refusal ? { deployRefused: refusal } : {}) }
}

async function inGroups<T, R>(items: readonly T[], act: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  for (let at = 0; at < items.length; at += AT_ONCE)
    results.push(...(await Promise.all(items.slice(at, at + AT_ONCE).map(act))))
  return results
}
