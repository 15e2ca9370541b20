// cspell:ignore fastcgi uwsgi scgi encompass underpass overpass oldpwd basalt xoauth creds APIKEY AUTHSALT BINDPW HMACKEY bindpw passwrd DBPASS DSNAME HTTPAUTH MYSQLROOTPASSWORD PRIVKEY PWDLESS ROOTPWD SALTSTACK SENTRYDSN SSHKEY totp connectionstring
import { MASK } from '../lib/masking/mask.ts'
import { secretPartsOf, withoutSecretParts } from './secret-urls.ts'

/** A rule by which a name is that of a secret: `words` are those of the name in lower case, `at` the one that is looked at. */
interface NameRule {
  readonly what: string
  readonly holds: (word: string, place: { readonly words: readonly string[]; readonly at: number }) => boolean
  readonly secret: readonly string[]
  readonly harmless: readonly string[]
}

const KEYS =
  /^(api|app|access|auth|private|priv|ssh|ssl|tls|gpg|pgp|rsa|master|signing|sign|encryption|crypt|cipher|enc|hmac|jwt|session|service|deploy|license|shared|pre ?shared|webhook)keys?$/

/** What follows `pass` where it is no password: `PASS_THROUGH`, `PASS_MIN_LENGTH`. */
const PASS_OF = ['through', 'thru', 'min', 'max', 'count', 'rate', 'headers', 'host', 'length']
/** What stands before it in settings of proxies: `PROXY_PASS` is an address. */
const PASS_TO = ['proxy', 'fastcgi', 'uwsgi', 'scgi', 'grpc', 'by', 'com', 'tres', 'sur', 'under', 'over']
const NO_PASS = ['compass', 'bypass', 'encompass', 'trespass', 'surpass', 'underpass', 'overpass']
/** What follows `auth` where it is one: `AUTH_STRING`; `AUTH_TYPE`, `AUTH_HEADER` and `AUTH_URL` are none. */
const AUTH_OF = ['string', 'data', 'basic', 'digest', 'line', 'value', 'users']

/**
 * Which names are those of secrets. Names are split at whatever is no letter or digit and where camel case begins a word: `SMTP_PASS` and
 * `smtpPass` are `smtp pass`. A test proves each example.
 */
export const NAME_RULES: readonly NameRule[] = [
  {
    what: 'holds "secret", "password", "token" or "credential" anywhere',
    holds: (word) => /secret|password|token|credential/.test(word),
    secret: ['SECRET_KEY_BASE', 'adminPassword', 'X-Token', 'MYSQLROOTPASSWORD', 'credentials'],
    harmless: ['SECRECY'],
  },
  {
    what: 'a key: the word alone, or what kind of key in front of it',
    holds: (word) => /^keys?$/.test(word) || KEYS.test(word),
    secret: [
      'apiKey',
      'API_KEYS',
      'KEY',
      'awsAPIKey',
      'ssh.key',
      'APIKEY',
      'PRIVATEKEY',
      'S3_ACCESSKEY',
      'HMACKEY',
      'PRIVKEY',
      'SSHKEY',
    ],
    harmless: ['KEYCLOAK_URL', 'monkey', 'keyboard', 'MONKEY_PATCH', 'DONKEYS', 'turkeyName', 'HOTKEYS', 'KEYSPACE'],
  },
  {
    what: '"pass" as a word or the end of one, but for what is passed on or through',
    holds: (word, { words, at }) =>
      /pass(wd|wrd|phrase|phrases|code|wort)?\d{0,3}$/.test(word) &&
      !NO_PASS.includes(word) &&
      !(word === 'pass' && (PASS_TO.includes(words[at - 1] ?? '') || PASS_OF.includes(words[at + 1] ?? ''))),
    secret: [
      'SMTP_PASS',
      'DB_PASS',
      'PASSWD',
      'PASSPHRASE',
      'dbPass',
      'DBPASS',
      'ADMIN_PASS_1',
      'ADMIN_PASS2',
      'PASS',
      'KEY_PASSCODE',
    ],
    harmless: [
      'PASSENGER_APP_ENV',
      'PASSPORT_STRATEGY',
      'PASSIVE_MODE',
      'PROXY_PASS',
      'PASS_THROUGH',
      'COMPASS_HOST',
      'BYPASS',
      'PASS_MIN_LENGTH',
      'ENCOMPASS',
    ],
  },
  {
    what: '"pwd", "pw" or "psk" as a word, or "pwd" as the end of one',
    holds: (word) =>
      (/pwd\d{0,3}$/.test(word) && word !== 'oldpwd') ||
      /^(?:pw\d{0,3}|psk|(?:bind|root|admin|user|db|ldap)pw)$/.test(word),
    secret: ['PWD', 'DB_PWD', 'mysqlPwd', 'ROOTPWD', 'ADMIN_PW', 'WIFI_PSK', 'BINDPW', 'PWD2'],
    harmless: ['OLDPWD', 'PWDLESS', 'PWA_NAME'],
  },
  {
    what: '"auth" as the last word, or before what is sent with it; "authorization"',
    holds: (word, { words, at }) =>
      word === 'authorization' ||
      ((word === 'auth' || /^(http|basic|smtp|proxy)auth$/.test(word)) &&
        (words.slice(at + 1).every((next) => /^\d+$/.test(next)) || AUTH_OF.includes(words[at + 1] ?? ''))),
    secret: ['AUTH', 'SMTP_AUTH', 'BASIC_AUTH', 'basicAuth', 'AUTH_STRING', 'HTTPAUTH', 'PROXY_AUTHORIZATION'],
    harmless: [
      'AUTHOR',
      'AUTHORITY',
      'AUTH_TYPE',
      'AUTH_HEADER',
      'AUTH_URL',
      'AUTH_ENABLED',
      'OAUTH',
      'OAUTH_CLIENT_ID',
      'authMethod',
      'COMPOSE_PROJECT_NAME',
    ],
  },
  {
    what: '"pin", "otp", "totp", "seed", "cookie" or "webhook" as the last word, or before what holds it; "connection string"',
    holds: (word, { words, at }) => {
      const next = words[at + 1]
      if (word === 'connectionstring' || (word === 'connection' && next === 'string')) return true
      if (word === 'webhook') return next === undefined || next === 'url'
      return /^(pin|t?otp|seed|cookie)$/.test(word) && (next === undefined || next === 'seed')
    },
    secret: ['ADMIN_PIN', 'OTP_SEED', 'totp', 'ERLANG_COOKIE', 'SLACK_WEBHOOK', 'WEBHOOK_URL', 'DB_CONNECTION_STRING'],
    harmless: [
      'PINNED',
      'PIN_LENGTH',
      'OTP_ISSUER',
      'COOKIE_DOMAIN',
      'SEED_FILE',
      'WEBHOOK_EVENTS',
      'CONNECTION_LIMIT',
    ],
  },
  {
    what: '"dsn", "salt", "pepper", "creds" or "mnemonic" as a word, "dsn" or "salt" as the end of one, "jwt" or "bearer" last',
    holds: (word, { words, at }) =>
      /^(pepper|creds?|mnemonic)$/.test(word) ||
      /(dsn|salt)$/.test(word) ||
      (/^(jwt|bearer)$/.test(word) && at === words.length - 1),
    secret: ['SENTRY_DSN', 'SENTRYDSN', 'dsn', 'HASH_SALT', 'AUTHSALT', 'nonceSalt', 'DB_CREDS', 'API_JWT', 'MNEMONIC'],
    harmless: ['SALTSTACK', 'DSNAME', 'CREDIT', 'JWT_ISSUER'],
  },
]

/** Whether what stands under this name is not to be shown, by the rules of `NAME_RULES`. */
export function isSecretName(name: string): boolean {
  const words = wordsOf(name)
  return words.some((word, at) => NAME_RULES.some(({ holds }) => holds(word, { words, at })))
}

function wordsOf(name: string): string[] {
  return name
    .replace(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replace(/([A-Z])([A-Z][a-z])/g, '$1_$2')
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter(Boolean)
}

/**
 * What may stand under the name of a secret and is none: the version of one (`SECRET_DB_PASSWORD_VERSION: v2` says which is meant, and is in its
 * public name), and a switch.
 */
function isHarmless(name: string, value: unknown): boolean {
  if (typeof value === 'boolean' || value === null) return true
  if (typeof value !== 'string') return false
  return (
    value === '' || /^(true|false|yes|no|on|off)$/i.test(value) || (/_VERSION$/i.test(name) && /^v\d{1,4}$/.test(value))
  )
}

/**
 * The value as it may be shown: below a secret name, at any depth, every text and number is replaced; elsewhere the password of a URL is. Names stay.
 */
export function maskSecretNames(value: unknown, name = ''): unknown {
  if (name.split('.').some(isSecretName) && !isHarmless(name, value)) return maskAll(value)
  if (typeof value === 'string') return withoutSecretParts(value, isSecretName)
  if (Array.isArray(value)) return value.map((item) => maskSecretNames(item))
  if (!isPlain(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, maskSecretNames(inner, key)]))
}

/** Values of an environment that stand under secret names, and passwords in the URLs of all others. */
export function secretValuesOf(environment: Readonly<Record<string, string>>): string[] {
  return Object.entries(environment).flatMap(([name, value]) => [
    ...(isSecretName(name) && !isHarmless(name, value) ? [value] : []),
    ...secretPartsOf(value, isSecretName),
  ])
}

function maskAll(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(maskAll)
  if (!isPlain(value)) return MASK
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, maskAll(inner)]))
}

function isPlain(value: unknown): value is object {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype
}
