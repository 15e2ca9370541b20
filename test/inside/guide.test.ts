import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { exec } from '../../src/lib/process/exec.ts'
import { servePage } from './support/page-server.ts'
import { runSpecs } from './support/run-specs.ts'
import { FACTS, type FakeSandbox, fakeSandbox } from './support/sandbox.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const GUIDE = await readFile(join(ROOT, 'docs', 'guide', 'custom-tests.md'), 'utf8')

/** Every block of TypeScript in the guide, under the path that its first line names. */
const SNIPPETS = Object.fromEntries(
  [...GUIDE.matchAll(/```ts\n\/\/ cc-ci\/(\S+)\n([\s\S]*?)```/g)].map(([, path = '', code = '']) => [path, code]),
)

const three = async () => ({ exitCode: 0, stdout: '3\n', stderr: '' })

async function typesOf(box: FakeSandbox): Promise<string> {
  await writeFile(join(box.dir, 'package.json'), '{ "type": "module" }')
  await writeFile(
    join(box.dir, 'tsconfig.json'),
    JSON.stringify({
      extends: join(ROOT, 'tsconfig.json'),
      compilerOptions: { typeRoots: [join(ROOT, 'node_modules', '@types')] },
      include: ['code'],
    }),
  )
  const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc')
  const { stdout } = await exec(process.execPath, [tsc, '-p', box.dir], { timeoutMs: 100_000 })
  return stdout
}

describe('the guide to tests and hooks', { timeout: 120_000 }, () => {
  it('names the file of each of its snippets', () => {
    expect(Object.keys(SNIPPETS)).toHaveLength(GUIDE.match(/```ts/g)?.length ?? 0)
  })

  it('has snippets with sound types that do what it says', async () => {
    await using page = await servePage()
    await using box = await fakeSandbox()
    const facts = {
      ...FACTS,
      baseUrl: page.url,
      config: { health: { path: '/health' }, deps: ['keycloak', 'smtp'] },
      deps: { smtp: { host: 'mail' } },
      calls: { smtp: ['messages', 'clear'] },
      op: { name: 'upgrade', before: { version: '1' }, after: { version: '2' }, snapshot: null },
    }
    const handlers = {
      context: async () => facts,
      exec: three,
      logs: async () => 'migrated',
      dep: async (params: unknown) =>
        (params as { method: string }).method === 'messages' ? [{ to: ['ann@example.org'] }] : null,
    }
    const run = await runSpecs(box, SNIPPETS, { handlers })
    expect(run.rows.map(({ error }) => error).filter(Boolean)).toEqual([])
    expect(run.lines.toSorted()).toEqual([
      'passed answers its health check',
      'passed keeps its items in PostgreSQL',
      'passed migrates',
      'passed sends a reminder',
      'passed shows the list',
    ])
    expect(await typesOf(box)).toBe('')
    const values: unknown[] = []
    const value = async (params: unknown) => values.push(params)
    const rest = { handlers: { ...handlers, return: value, log: async () => null, runOnce: async () => null } }
    const file = join(box.dir, 'code', 'recipe', 'cc-ci.config.ts')
    for (const name of ['hooks.preUpgrade', 'hooks.preInstall', 'ready']) await box.run('hook.ts', [file, name], rest)
    expect(values).toEqual([{ value: null }, { value: null }, { value: true }])
  })
})
