import { expect, test } from 'vitest'
import { CHARSETS, generateSecret } from '../../../src/recipe/secrets/secret-value.ts'
import { secretSpecs } from '../../../src/recipe/secrets/secrets.ts'
import { PASSPHRASE_WORDS } from '../../../src/recipe/secrets/words.ts'
import { resolved } from '../throwaway.ts'

async function specs(env: string, secrets: string, used = 'a', overrides: Record<string, string> = {}) {
  const compose = `version: "3.8"\nservices:\n  app:\n    image: x\n    secrets: [${used}]\nsecrets:\n${secrets}`
  const found = await resolved({ 'compose.yml': compose, '.env.sample': env }, overrides)
  return secretSpecs(found.tree, found.env, found.stack)
}

const external = (key: string, variable = `SECRET_${key.toUpperCase()}_VERSION`) =>
  `  ${key}:\n    external: true\n    name: \${STACK_NAME}_${key}_\${${variable}}\n`

test('modifiers make the specification', async () => {
  const env =
    'SECRET_A_VERSION=v2 # length=32 charset=default,special\nSECRET_B_VERSION=v1\nSECRET_C_VERSION=v1 # generate=false\n'
  const found = await specs(env, external('a') + external('b') + external('c') + external('unused'), 'a, b, c', {
    SECRET_UNUSED_VERSION: 'v1',
  })
  expect(found).toEqual([
    {
      key: 'a',
      name: 'app_example_com_a_v2',
      length: 32,
      charset: 'default,special',
      generate: true,
      place: { file: '.env.sample', line: 1, column: 1 },
    },
    { key: 'b', name: 'app_example_com_b_v1', generate: true, place: { file: '.env.sample', line: 2, column: 1 } },
    { key: 'c', name: 'app_example_com_c_v1', generate: false, place: { file: '.env.sample', line: 3, column: 1 } },
  ])
})

test('the variable in the name decides, not the key; a commented line counts where no active one does', async () => {
  const found = await specs('# SECRET_DB_PW_VERSION=v1 # length=9\n', external('a', 'SECRET_DB_PW_VERSION'), 'a', {
    SECRET_DB_PW_VERSION: 'v7',
  })
  expect(found).toMatchObject([{ name: 'app_example_com_a_v7', length: 9 }])
})

test.each<[modifiers: string, spec: object]>([
  ['lenght=32', { generate: true }],
  ['length=32 (see a=b, c==d)', { length: 32, generate: true }],
  ['charset=emoji', { generate: true }],
  ['length=0', { generate: true }],
  ['length=-1', { generate: true }],
  ['length=99999', { length: 99_999, generate: true }],
  ['generate=False', { generate: false }],
  ['generate=1', { generate: true }],
])('%s is taken as the client takes it', async (modifiers, spec) => {
  const [found] = await specs(`SECRET_A_VERSION=v1 # ${modifiers}\n`, external('a'))
  const { key: _, name: __, place: ___, ...rest } = found ?? { generate: null }
  expect(rest).toEqual(spec)
})

test.each(['length=many', 'length=32,', 'length=999999', 'generate=no'])(
  '%s is refused with its line',
  async (modifier) => {
    await expect(specs(`X=1\nSECRET_A_VERSION=v1 # ${modifier}\n`, external('a'))).rejects.toMatchObject({
      code: 'secret-modifier',
      errors: [{ where: { file: '.env.sample', line: 2 } }],
    })
  },
)

test('a name of more than 64 characters is refused, one of 64 is not', async () => {
  const named = (length: number) => specs('', `  a:\n    external: true\n    name: ${'n'.repeat(length)}\n`)
  await expect(named(65)).rejects.toMatchObject({
    code: 'secret-name-long',
    errors: [{ where: { file: 'compose.yml', line: 9 } }],
  })
  expect(await named(64)).toHaveLength(1)
})

test.each([
  [undefined, CHARSETS.default],
  ['hex', CHARSETS.hex],
  ['special', CHARSETS.special],
  ['default,safespecial', CHARSETS.default + CHARSETS.safespecial],
  ['unheard-of', CHARSETS.default],
])('charset %s', (charset, alphabet) => {
  const value = generateSecret({ length: 2000, ...(charset ? { charset } : {}) })
  expect(value).toHaveLength(2000)
  expect([...new Set(value)].sort().join('')).toBe([...new Set(alphabet)].sort().join(''))
})

test('without a length it is a passphrase, another one each time', () => {
  const values = Array.from({ length: 20 }, () => generateSecret({}))
  expect(new Set(values).size).toBe(20)
  for (const value of values) expect(value).toMatch(/^[a-z]+(-[a-z]+){6}$/)
  expect(new Set(PASSPHRASE_WORDS).size).toBe(PASSPHRASE_WORDS.length)
  expect(PASSPHRASE_WORDS.length).toBeGreaterThanOrEqual(512)
})
