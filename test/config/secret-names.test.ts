import { expect, test } from 'vitest'
import { isSecretName, maskSecretNames } from '../../src/config/secret-names.ts'

test.each([
  'SECRET_KEY_BASE',
  'apiKey',
  'API_KEYS',
  'KEY',
  'adminPassword',
  'X-Token',
  'credentials',
  'awsAPIKey',
  'ssh.key',
])('%s is secret', (name) => expect(isSecretName(name)).toBe(true))

test.each(['KEYCLOAK_URL', 'monkey', 'keyboard', 'MONKEY_PATCH', 'DONKEYS', 'domain', 'turkeyName'])(
  '%s is not',
  (name) => expect(isSecretName(name)).toBe(false),
)

test('everything below a secret name goes, at any depth; names and the rest stay', () => {
  expect(maskSecretNames({ a: [{ tokens: { x: 1, y: ['z'] } }], b: null, c: 'c' })).toEqual({
    a: [{ tokens: { x: '***', y: ['***'] } }],
    b: null,
    c: 'c',
  })
  expect(maskSecretNames('v', 'env.DB_PASSWORD')).toBe('***')
  expect(maskSecretNames({ x: 1 }, 'upgrade.env')).toEqual({ x: 1 })
})

test.each([
  ['SECRET_DB_PASSWORD_VERSION', 'v2', 'v2'],
  ['upgrade.env.SECRET_DB_PASSWORD_VERSION', 'v2', 'v2'],
  ['SECRET_DB_PASSWORD_VERSION', 'hunter2', '***'],
  ['SECRET_DB_PASSWORD', 'v2', '***'],
])('the version of a secret is shown, nothing else under its name: %s: %s', (name, value, shown) => {
  expect(maskSecretNames(value, name)).toBe(shown)
})
