import { symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type LoadedSettings, loadSettings } from '../../src/config/load.ts'
import { RecipeErrors } from '../../src/lib/errors.ts'
import { formatLocation } from '../../src/lib/text/source-location.ts'
import { MOST_DEFAULTS } from '../../src/verdict/policy-codes.ts'
import { type Files, folder } from '../recipe/throwaway.ts'

const OWN = 'cc-ci/cc-ci.yml'

async function load(own: string | Files, operator?: string): Promise<LoadedSettings> {
  const recipeDir = await folder(typeof own === 'string' ? { [OWN]: own } : own)
  const operatorDir = operator === undefined ? undefined : await folder({ 'gitea/cc-ci.yml': operator })
  return loadSettings({ recipeDir, recipeName: 'gitea', ...(operatorDir ? { operatorDir } : {}) })
}

/** Every problem as `place message hint`. */
async function problems(own: string | Files, operator?: string): Promise<string[]> {
  const error: unknown = await load(own, operator).catch((caught: unknown) => caught)
  if (!(error instanceof RecipeErrors)) throw error instanceof Error ? error : new Error('nothing was refused')
  expect(error.errors.map(({ code }) => code)).toEqual(error.errors.map(() => 'config-invalid'))
  return error.errors.map(({ where, message, hint = '' }) =>
    `${where ? formatLocation(where) : '?'} ${message} ${hint}`.trim(),
  )
}

describe('what is used', () => {
  test.each<[string, Files]>([
    ['no file', {}],
    ['an empty file', { [OWN]: '' }],
    ['only comments', { [OWN]: '# nothing\n' }],
  ])('%s: the defaults, which nobody can change', async (_, files) => {
    const { settings, sources, written } = await load(files)
    expect(settings).toEqual({
      health: { path: '/', status: [200, 301, 302] },
      timeouts: { deploy: 600_000, http: 300_000, tests: 600_000, hook: 300_000, quiet: 20_000 },
      env: {},
      upgrade: { from: 'auto', env: {}, data: 'new', rollback: false },
      backup: { capable: 'auto', verify: [] },
      notApplicable: {},
      removed: {},
      ready: [],
      deps: [],
      canonical: false,
      screenshot: { path: '/' },
      witness: 'auto',
      restore: 'whole',
      resilience: true,
      resources: { memory: null, processes: 2048, log: 100 * 1024 ** 2, disk: 10 * 1024 ** 3 },
      policy: { allow: [], lint: 'report', most: MOST_DEFAULTS },
      quarantine: [],
    })
    expect([sources.size, written.size]).toEqual([0, 0])
    expect(() => (settings.health.status as number[]).push(500)).toThrow(TypeError)
  })

  test('the operator wins key by key, and every value says where it came from and how it was written', async () => {
    const own = 'timeouts:\n  deploy: 4m\n  http: 90s\nenv:\n  A: one\n  B: one\n'
    const { settings, sources, written } = await load(own, 'env:\n  B: two\ntimeouts:\n  http: 1h30m\n')
    expect(settings.timeouts).toMatchObject({ deploy: 240_000, http: 5_400_000 })
    expect(settings.env).toEqual({ A: 'one', B: 'two' })
    expect(settings.health.path).toBe('/')
    expect(formatLocation(sources.get('timeouts.deploy') ?? { file: '?' })).toBe(`${OWN}:2:11`)
    expect(formatLocation(sources.get('timeouts.http') ?? { file: '?' })).toMatch(/\/gitea\/cc-ci\.yml:4:9$/)
    expect([...written]).toEqual([
      ['timeouts.deploy', '4m'],
      ['timeouts.http', '1h30m'],
      ['env', { A: 'one', B: 'two' }],
    ])
  })

  test('a list of the operator replaces the list of the recipe', async () => {
    const { settings } = await load('health: {status: [200, 401]}\n', 'health: {status: [204]}\n')
    expect(settings.health.status).toEqual([204])
  })
})

describe('what is refused', () => {
  test('unknown keys, each with its place and the one that was meant', async () => {
    const found = await problems('timeouts:\n  deplyo: 5m\nhealht:\n  path: /\nzzzzzzzzzzzz: 1\n')
    expect(found).toHaveLength(3)
    const at = (place: string) => found.find((line) => line.startsWith(`${OWN}:${place} `))
    expect(at('2:3')).toMatch(
      /unknown setting timeouts\.deplyo Did you mean timeouts\.deploy\? Allowed: health\.path, /,
    )
    expect(at('3:1')).toMatch(/unknown setting healht Did you mean health\? /)
    expect(at('5:1')).toMatch(/unknown setting zzzzzzzzzzzz Allowed: /)
  })

  test.each(['//keycloak.ci.test/realms/master', '/\\\\keycloak.ci.test/'])(
    'a path of another host: %s',
    async (path) => {
      const [found] = await problems(`health: {path: '${path}'}\n`)
      expect(found).toMatch(/health\.path: a path that begins with \/ and not with \/\//)
      const [probe] = await problems(`ready: [{http: {path: '${path}'}}]\n`)
      expect(probe).toMatch(/^cc-ci\/cc-ci\.yml:1:\d+ ready/)
    },
  )

  test('all problems of both files at once, with what was found', async () => {
    const found = await problems('health: {path: x, status: [99]}\nwitness: true\n', 'upgrade: {form: none}\n')
    expect(found).toEqual([
      expect.stringMatching(
        /^cc-ci\/cc-ci\.yml:1:16 health\.path: .*begins with \/.*; found "x" Allowed for health\.path: /,
      ),
      expect.stringMatching(
        /^cc-ci\/cc-ci\.yml:1:28 health\.status\.0: .*; found 99 Allowed for health\.status: list of integer\.$/,
      ),
      expect.stringMatching(
        /^cc-ci\/cc-ci\.yml:2:10 witness: .*; found true Allowed for witness: "auto" or false or list of subject\.$/,
      ),
      expect.stringMatching(/gitea\/cc-ci\.yml:1:11 unknown setting upgrade\.form Did you mean upgrade\.from\? /),
    ])
  })

  test.each(['10', '"10"', '10x', '-5m', '5 m', '"5m "', '""', '1d', 'm', '[5m]'])('the duration %s', async (text) => {
    expect(await problems(`timeouts:\n  http: ${text}\n`)).toEqual([
      expect.stringMatching(/^cc-ci\/cc-ci\.yml:2:9 timeouts\.http: /),
    ])
  })

  test.each([
    ['a reason that is none', 'notApplicable: {backup: ""}', /notApplicable\.backup: .*found ""/],
    ['a tier that is not a rung', 'notApplicable: {lint: "not now"}', /lint/],
    ['a name that is no variable', 'env: {"A B": x}', /A B/],
    ['a number for a text', 'env: {PORT: 80}', /env\.PORT: .*found 80/],
    ['a group that is empty', 'timeouts:', /timeouts: .*found null/],
    ['a list for a mapping', '- a', /must be a mapping/],
    ['two of the same key', 'env: {}\nenv: {}', /unique/],
    ['YAML that does not parse', 'health: {path: /', /cc-ci\.yml:2:1 .*Flow map/],
    ['an alias of nothing', 'env: *other', /alias.*other/i],
  ])('%s', async (_, text, says) => {
    expect(await problems(`${text}\n`)).toEqual([expect.stringMatching(says)])
  })

  test('aliases that multiply', async () => {
    const names = [...'abcdefgh']
    const levels = names.map((name, i) => `${name}: &${name} [${i === 0 ? 'x' : Array(9).fill(`*${names[i - 1]}`)}]`)
    expect(await problems(levels.join('\n'))).toEqual([expect.stringMatching(/alias/i)])
  })

  test('a file that is too big, a folder, and a link in its place', async () => {
    const refused = { code: 'config-invalid', errors: [{ where: { file: OWN } }], exitCode: 2 }
    await expect(load(`#${'x'.repeat(256 * 1024)}`)).rejects.toMatchObject(refused)
    expect((await load(`#${'x'.repeat(256 * 1024 - 1)}`)).sources.size).toBe(0)
    await expect(load({ [`${OWN}/x`]: '' })).rejects.toMatchObject(refused)
    const recipeDir = await folder({ 'cc-ci/other.yml': 'witness: false\n' })
    await symlink('other.yml', join(recipeDir, OWN))
    await expect(loadSettings({ recipeDir, recipeName: 'x' })).rejects.toMatchObject(refused)
  })
})
