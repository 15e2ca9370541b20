import { symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { RecipeErrors } from '../../../src/lib/errors.ts'
import { formatLocation } from '../../../src/lib/text/source-location.ts'
import { readTree } from '../../../src/recipe/files/tree.ts'
import { composeText } from '../../../src/recipe/stack/compose-text.ts'
import { resolveStack } from '../../../src/recipe/stack/resolve.ts'
import { hasStackConfig, stackConfig } from '../docker-cli.ts'
import { type Files, folder, resolved } from '../throwaway.ts'

const live = await hasStackConfig()
const app = (body: string, rest = '') => `version: "3.8"\nservices:\n  app:\n    image: x\n${body}${rest}`

async function problems(files: Files, overrides: Record<string, string> = {}): Promise<string[]> {
  const error = await resolved(files, overrides).catch((caught: unknown) => caught)
  expect(error).toBeInstanceOf(RecipeErrors)
  return (error as RecipeErrors).errors.map(({ where, message }) => `${where ? formatLocation(where) : '-'} ${message}`)
}

/** Each with what we say; the docker CLI must refuse all of them too, at `config` or, where marked, only when it deploys. */
const FAULTS: [what: string, compose: string, said: string, onlyAtDeploy?: true][] = [
  ['no YAML', 'services: [', 'compose.yml:'],
  ['no mapping', '- a\n', 'compose.yml:1 is not a mapping'],
  ['a repeated key', app('    image: y\n'), 'compose.yml:5:5 Map keys must be unique'],
  ['an unknown key', app('    imagee: y\n'), 'compose.yml:5:5 services.app.imagee has an unknown key "imagee"'],
  ['an unknown top key', app('', 'volume:\n'), 'compose.yml:5:1 volume has an unknown key'],
  [
    'an unknown deploy key',
    app('    deploy: {label: []}\n'),
    'compose.yml:5:14 services.app.deploy.label has an unknown key',
  ],
  [
    'an extension where none may be',
    app('    healthcheck: {x-a: 1}\n'),
    'services.app.healthcheck.x-a has an unknown key',
  ],
  [
    'a wrong type',
    app('    tty: "yes"\n'),
    'compose.yml:5:5 services.app.tty must be true or false, but is the text "yes"',
  ],
  [
    'a boolean label',
    app('    deploy: {labels: {a: true}}\n'),
    'services.app.deploy.labels.a must be text, a number or nothing',
  ],
  ['a bad duration', app('    stop_grace_period: 10\n'), 'services.app.stop_grace_period must be a duration'],
  ['a bad order', app('    deploy: {update_config: {order: first}}\n'), 'must be start-first or stop-first'],
  ['a repeated list entry', app('    cap_add: [A, A]\n'), 'services.app.cap_add.1 repeats "A"'],
  ['a bad port', app('    ports: ["80:99999"]\n'), 'services.app.ports.0 "80:99999" has a port outside'],
  ['a bad volume', app('    volumes: ["data::b"]\n'), 'services.app.volumes.0 "data::b" has an empty section'],
  ['a quoted mode', app('    configs: [{source: c, mode: "0444"}]\n'), 'mode must be a number'],
  [
    'a plus operator',
    app('    hostname: ${A:+b}\n'),
    'services.app.hostname ${A:+b}: docker stack deploy has no + operator',
  ],
  ['a lone dollar', app('    hostname: a$\n'), 'compose.yml:5:5 services.app.hostname "$" is not a variable'],
  ['a required variable', app('    hostname: ${A:?set it}\n'), 'the required variable A has no value: set it'],
  [
    'a variable of the wrong kind',
    app('    tty: ${A:-maybe}\n'),
    'services.app.tty must be true or false, but its variables make "maybe"',
  ],
  ['an unsupported version', 'version: "2.4"\nservices: {app: {image: x}}\n', 'compose.yml:1:1 version is "2.4"'],
  ['a key of a later version', app('    oom_score_adj: 1\n'), 'exists since version 3.13, and the file says 3.8'],
  ['an unclosed quote', app('    command: "echo \'a"\n'), 'services.app.command has a quote that is never closed'],
  ['an unknown anchor', app('    hostname: *nope\n'), 'compose.yml:5:15'],
  [
    'external with options',
    app('', 'volumes: {v: {external: true, driver: local}}\n'),
    'volumes.v.driver cannot stand beside external: true',
  ],
  [
    'a bind without source',
    app('    volumes: [{type: bind, target: /x}]\n'),
    'services.app.volumes.0 is a bind mount without a source',
  ],
  [
    'an undefined network',
    app('    networks: [nett]\n', 'networks: {net: }\n'),
    'services.app.networks uses "nett", which is not defined',
    true,
  ],
  ['an undefined secret', app('    secrets: [s]\n'), 'compose.yml:5:15 services.app.secrets uses "s"', true],
  ['an undefined volume', app('    volumes: ["data:/data"]\n'), 'services.app.volumes uses "data"', true],
  ['no service', 'version: "3.8"\nservices: {}\n', 'services has no service', true],
  ['no image', 'version: "3.8"\nservices: {app: {hostname: x}}\n', 'services.app has no image', true],
  [
    'a config without file',
    app('', 'configs: {c: {name: x}}\n'),
    'configs.c has neither file: nor external: true',
    true,
  ],
  [
    'a missing file',
    app('', 'configs: {c: {file: no.txt}}\n'),
    'configs.c.file names no.txt, which does not exist',
    true,
  ],
  ['a file outside', app('', 'configs: {c: {file: ../x}}\n'), 'configs.c.file "../x" leads out of the recipe', true],
  ['an absolute file', app('', 'secrets: {s: {file: /etc/shadow}}\n'), 'secrets.s.file "/etc/shadow" leads out', true],
]

describe.each(FAULTS)('%s', (_what, compose, said, onlyAtDeploy) => {
  test('is refused with its place', async () => {
    const found = await problems({ 'compose.yml': compose })
    expect(found.join('\n')).toContain(said)
    expect(found[0]).toMatch(/^compose\.yml:\d+/)
  })

  if (!live || onlyAtDeploy) return
  test('is refused by the docker CLI', async () => {
    expect(await stackConfig(await folder({ 'compose.yml': compose }), ['compose.yml'], {})).toHaveProperty('refused')
  })
})

test('all problems come at once, with a suggestion', async () => {
  const files = { 'compose.yml': app('    imag: y\n    tty: 3\n'), 'two.yml': app('    deploi: {}\n') }
  const found = await problems(files, { COMPOSE_FILE: 'compose.yml:two.yml' })
  expect(found.map((text) => text.split(' ')[0])).toEqual(['compose.yml:5:5', 'compose.yml:6:5', 'two.yml:5:5'])
  const error = (await resolved(files).catch((caught: unknown) => caught)) as RecipeErrors
  expect(error.errors[0]?.hint).toBe('Did you mean "image"?')
  expect(error.exitCode).toBe(2)
})

test.each([
  ['secrets', 'a, used', 'secrets: {a: {external: true}}\n'],
  ['configs', 'a, used', 'configs: {a: {external: true}}\n'],
  ['networks', 'a, used', 'networks: {a: }\n'],
  ['volumes', '"a:/a", "used:/b"', 'volumes: {a: }\n'],
])('what one overlay uses and nobody defines is told in that file: %s', async (section, used, defined) => {
  const files = {
    'compose.yml': app(`    ${section}: [${used.replaceAll(/, .*/g, '')}]\n`, defined),
    'two.yml': app(`    ${section}: [${used}]\n`),
    'three.yml': app(`    ${section}: [${used.replaceAll(/, .*/g, '')}]\n`),
  }
  const found = await problems(files, { COMPOSE_FILE: 'compose.yml:two.yml:three.yml' })
  expect(found).toEqual([expect.stringMatching(`^two\\.yml:5:\\d\\d services.app.${section} uses "used"`)])
})

describe('COMPOSE_FILE', () => {
  test('a missing overlay is an error at the line that names it', async () => {
    const env = 'DOMAIN=x\nCOMPOSE_FILE="compose.yml"\nCOMPOSE_FILE="$COMPOSE_FILE:compose.smtp.yml"\n'
    expect(await problems({ 'compose.yml': app(''), '.env.sample': env })).toEqual([
      '.env.sample:3:1 the compose file compose.smtp.yml does not exist',
    ])
  })

  test('without it only compose.yml takes part', async () => {
    const { stack } = await resolved({ 'compose.yml': app(''), 'compose.more.yml': app('    tty: 3\n') })
    expect(stack.files).toEqual(['compose.yml'])
  })

  test.each(['../other/compose.yml', '/etc/passwd'])('%s is refused', async (file) => {
    expect((await problems({ 'compose.yml': app('') }, { COMPOSE_FILE: file })).join()).toContain(
      'leads out of the recipe',
    )
  })

  test('a link that leads out is refused, and so is a binary file', async () => {
    const dir = await folder({ 'compose.yml': new Uint8Array([0, 1, 2]) })
    await symlink('/etc/hostname', join(dir, 'link.yml'))
    const tree = await readTree(dir)
    for (const [file, code] of [
      ['link.yml', 'file-outside'],
      ['compose.yml', 'file-not-text'],
    ] as const) {
      await expect(resolveStack(tree, new Map([['COMPOSE_FILE', file]]))).rejects.toMatchObject({ code })
    }
  })

  test('files of different versions are refused, as by the CLI', async () => {
    const files = { 'compose.yml': app(''), 'two.yml': 'services: {app: {hostname: x}}\n' }
    expect((await problems(files, { COMPOSE_FILE: 'compose.yml:two.yml' })).join()).toContain(
      'two.yml:1:1 version has version none, and compose.yml has "3.8"',
    )
    if (live) expect(await stackConfig(await folder(files), ['compose.yml', 'two.yml'], {})).toHaveProperty('refused')
  })
})

test('anchors that expand without end are refused soon', async () => {
  const levels = Array.from({ length: 12 }, (_, i) => `x-${i + 1}: &a${i + 1} [${Array(9).fill(`*a${i}`).join(', ')}]`)
  const started = Date.now()
  const found = await problems({ 'compose.yml': `${app('')}x-0: &a0 [1, 2]\n${levels.join('\n')}\n` })
  expect(found.join()).toContain('holds more than 10000 values')
  expect(Date.now() - started).toBeLessThan(5000)
})

test('an anchor that contains itself is refused', async () => {
  expect((await problems({ 'compose.yml': app('', 'x-a: &a\n  b: *a\n') })).join()).toContain(
    'refers to an anchor that contains it',
  )
})

test('the key __proto__ is refused, wherever it stands', async () => {
  for (const body of ['    environment: {__proto__: x}\n', '    __proto__: {tty: true}\n']) {
    expect((await problems({ 'compose.yml': app(body) })).join()).toContain('is the key __proto__, which is not usable')
  }
  expect((await problems({ 'compose.yml': app('    environment: ["__proto__=x"]\n') })).join()).toContain(
    'names __proto__',
  )
})

test('a variable without value is a finding with its place, each once', async () => {
  const { stack } = await resolved({
    'compose.yml': app('    hostname: ${NOPE}$NOPE\n    environment: ["A=${NOPE:-x}"]\n'),
  })
  expect(stack.findings).toEqual([
    expect.objectContaining({ code: 'undefined-variable', severity: 'warning', where: 'compose.yml:5:5' }),
  ])
})

test('a variable that .env.sample offers as a comment is no finding', async () => {
  const { stack } = await resolved({ 'compose.yml': app('    hostname: x${EXTRA}\n'), '.env.sample': '#EXTRA=y\n' })
  expect(stack.findings).toEqual([])
  expect(stack.model.services.app?.hostname).toBe('x')
})

test('places point at labels in both forms, and at the overlay that wrote last', async () => {
  const files = {
    'compose.yml': app('    deploy:\n      labels:\n        - "a=1"\n        - "b=2"\n'),
    'two.yml': app('    deploy:\n      labels:\n        b: "3"\n'),
  }
  const { stack } = await resolved(files, { COMPOSE_FILE: 'compose.yml:two.yml' })
  const at = (label: string) => stack.place(['services', 'app', 'deploy', 'labels', label])
  expect(at('a')).toEqual({ file: 'compose.yml', line: 7, column: 11 })
  expect(at('b')).toEqual({ file: 'two.yml', line: 7, column: 9 })
  expect(stack.place(['services', 'app', 'nothing'])?.file).toBe('two.yml')
})

test('the text for the CLI carries dollars, tricky words and the version it needs', async () => {
  const compose =
    'services:\n  app:\n    image: x\n    environment: {A: "a$$b", B: "yes", C: "0755", D: "22:22", E: "1e3", F: "a: b # c", G: ""}\n    deploy: {resources: {limits: {pids: 5}}}\n'
  const text = composeText((await resolved({ 'compose.yml': compose })).stack.model)
  expect(text).toContain('version: "3.9"')
  expect(text).toContain('A: a$$b')
  if (!live) return
  const answer = await stackConfig(await folder({}), ['-'], {}, text)
  expect(answer).toMatchObject({
    document: {
      services: { app: { environment: { A: 'a$b', B: 'yes', C: '0755', D: '22:22', E: '1e3', F: 'a: b # c', G: '' } } },
    },
  })
})
