import { expect, test } from 'vitest'
import { isSecretName, maskSecretNames, NAME_RULES, secretValuesOf } from '../../src/config/secret-names.ts'

const EXAMPLES = NAME_RULES.flatMap(({ what, secret, harmless }) => [
  ...secret.map((name) => [name, true, what] as const),
  ...harmless.map((name) => [name, false, what] as const),
])

test.each(EXAMPLES)('%s: secret is %s (%s)', (name, secret) => expect(isSecretName(name)).toBe(secret))

test.each(NAME_RULES)('$what: each example of its own is by this rule alone', (rule) => {
  const others = NAME_RULES.filter((one) => one !== rule)
  expect(rule.secret.length).toBeGreaterThan(2)
  expect(rule.harmless.length).toBeGreaterThan(0)
  const alone = rule.secret.filter((name) => !others.some(({ secret }) => secret.includes(name)))
  expect(alone).toEqual(rule.secret)
})

test.each([
  'domain',
  'LETS_ENCRYPT_ENV',
  'TIMEOUT',
  'COMPOSE_FILE',
  'STACK_NAME',
  'SMTP_HOST',
  'DEFAULT_QUOTA',
  'TYPE',
])('%s is no secret by any rule', (name) => expect(isSecretName(name)).toBe(false))

test.each([
  ['DATABASE_URL', 'postgres://app:hunter2hunter2@db/app', 'postgres://app:***@db/app', ['hunter2hunter2']],
  ['REDIS_URL', 'redis://:p%40ss-word@cache:6379/0', 'redis://:***@cache:6379/0', ['p%40ss-word', 'p@ss-word']],
  ['BROKERS', 'amqp://a:first-one@x,amqp://b:second@y', 'amqp://a:***@x,amqp://b:***@y', ['first-one', 'second']],
  [
    'JDBC',
    'jdbc:mysql://db/app?user=x&password=hunter2&ssl=true',
    'jdbc:mysql://db/app?user=x&password=***&ssl=true',
    ['hunter2'],
  ],
  ['ORIGIN', 'https://ghp_0123456789abcdef@forge.test/x.git', 'https://***@forge.test/x.git', ['ghp_0123456789abcdef']],
  ['ORIGIN', 'ssh://git@forge.test/x.git', 'ssh://git@forge.test/x.git', []],
  ['SITE', 'https://app.test:8080/@someone?a=b', 'https://app.test:8080/@someone?a=b', []],
  ['MAIL', 'someone@example.org', 'someone@example.org', []],
  ['DB', 'Server=db;User Id=sa;Password=hunter2;', 'Server=db;User Id=sa;Password=***;', ['hunter2']],
  ['DB', "host=db user=a password='hunter 2'", "host=db user=a password='***'", ['hunter 2']],
  ['DB', 'app:hunter2@tcp(db:3306)/app', 'app:***@tcp(db:3306)/app', ['hunter2']],
  ['CONFIG', '{"user":"a","smtpPass": "hunter2"}', '{"user":"a","smtpPass": "***"}', ['hunter2']],
  ['CONFIG', '{"user":"a","sort":"name"}', '{"user":"a","sort":"name"}', []],
  ['SITE', 'mail:someone@example.org (me)', 'mail:someone@example.org (me)', []],
])('a URL under %s: %s', (name, value, shown, secrets) => {
  expect(maskSecretNames({ [name]: value })).toEqual({ [name]: shown })
  expect(secretValuesOf({ [name]: value })).toEqual(secrets)
})

test.each(['true', 'false', 'yes', 'off', '', true, false, null])(
  '%j under a secret name is a switch, and shown',
  (value) => {
    expect(maskSecretNames({ SMTP_AUTH: value })).toEqual({ SMTP_AUTH: value })
    if (typeof value === 'string') expect(secretValuesOf({ SMTP_AUTH: value })).toEqual([])
  },
)

test('every value under a secret name is told to the masker', () => {
  expect(secretValuesOf({ SMTP_PASS: 'hunter2hunter2', DOMAIN: 'a.test', SECRET_X_VERSION: 'v1', SALT: 'x' })).toEqual([
    'hunter2hunter2',
    'x',
  ])
})

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
