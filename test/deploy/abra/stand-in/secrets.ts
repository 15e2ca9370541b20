import { randomInt } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import type { ComposeModel } from '../../../../src/recipe/model.ts'
import { type App, docker, run } from './app.ts'
import { load } from './deploy.ts'
import { Fatal, info } from './fatal.ts'

interface Secret {
  readonly key: string
  readonly full: string
  readonly version: string
  readonly generate: boolean
  readonly length: number | null
  readonly charset: string
}

/** Those that some service uses, by the modifiers of the env file. */
export function secretsOf(app: App, model: ComposeModel): Secret[] {
  const used = new Set(Object.values(model.services).flatMap(({ secrets = [] }) => secrets.map(({ source }) => source)))
  return Object.entries(model.secrets).flatMap(([key, { name = key, external }]) => {
    if (!external || !used.has(key)) return []
    const entry = app.sample.entries.find((one) => one.key === `SECRET_${key.toUpperCase()}_VERSION`)
    const length = entry?.modifiers.get('length')
    return [
      {
        key,
        full: name,
        version: name.slice(name.lastIndexOf('_') + 1),
        generate: entry?.modifiers.get('generate') !== 'false',
        length: length === undefined ? null : Number(length),
        charset: entry?.modifiers.get('charset') ?? 'default',
      },
    ]
  })
}

export function insert(app: App, [, name, version, data]: readonly string[], flags: ReadonlySet<string>): void {
  if (!name || !version || data === undefined) throw new Fatal('accepts between 3 and 4 arg(s)')
  if (flags.has('file') && !existsSync(data)) throw new Fatal(`open ${data}: no such file or directory`)
  create(`${app.stack}_${name}_${version}`, flags.has('file') ? readFileSync(data, 'utf8') : data)
  info(`${name} successfully stored on server`)
}

export function generate(app: App, flags: ReadonlySet<string>): void {
  const all = secretsOf(app, load(app, (app.env.get('COMPOSE_FILE') ?? 'compose.yml').split(':')))
    .filter((secret) => secret.generate)
    .map((secret) => ({ name: secret.key, value: newValue(secret), full: secret.full }))
  for (const { full, value } of all) create(full, value)
  const rows = all.map(({ name, value }) => ({ name, value }))
  process.stdout.write(
    flags.has('machine') ? `${JSON.stringify(rows)}\n` : rows.map(({ name, value }) => `${name} ${value}\n`).join(''),
  )
}

export function list(app: App): void {
  const there = new Set(docker('secret', 'ls', '--format', '{{.Name}}').split('\n'))
  const secrets = secretsOf(app, load(app, (app.env.get('COMPOSE_FILE') ?? 'compose.yml').split(':')))
  const rows = secrets.map(({ key, full, version }) => ({
    name: key,
    version,
    'generated-name': full,
    'created-on-server': String(there.has(full)),
  }))
  process.stdout.write(`${JSON.stringify(rows)}\n`)
}

function create(name: string, value: string): void {
  run('docker', ['secret', 'create', name, '-'], { input: value })
}

const ALPHABETS: Readonly<Record<string, string>> = {
  default: 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789',
  special: '!@#$%^&*_-+=',
  safespecial: '!@#%^&*_-+=',
}

function newValue({ length, charset }: Secret): string {
  if (length === null) return 'correct-horse-battery-staple-of-a-test'
  const alphabet =
    charset
      .split(',')
      .map((name) => ALPHABETS[name] ?? '')
      .join('') ||
    (ALPHABETS.default ?? '')
  return Array.from({ length }, () => alphabet[randomInt(alphabet.length)]).join('')
}
