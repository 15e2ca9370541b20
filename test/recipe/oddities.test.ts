import { describe, expect, test } from 'vitest'
import { openWorkshop } from '../cli/cc-ci.ts'
import { commit, type Files, git, repository } from './throwaway.ts'

const LABELS = ['traefik.enable=true', 'traefik.http.routers.a.rule=Host(`${DOMAIN}`)']

/** A compose file whose service has these labels and lines, with what follows it. */
function compose({
  labels = [],
  service = '',
  rest = '',
}: {
  labels?: string[]
  service?: string
  rest?: string
} = {}) {
  const all = [...LABELS, ...labels].map((label) => `        - '${label}'\n`).join('')
  return `version: "3.8"\nservices:\n  app:\n    image: nginx:1.25.3\n${service}    deploy:\n      labels:\n${all}${rest}`
}

const ENV = 'TYPE=web\nDOMAIN=web.example.com\n'
const RECIPE: Files = { 'compose.yml': compose(), '.env.sample': ENV, 'abra.sh': '', 'README.md': '# Web\n' }
const LATIN_1 = new Uint8Array([0x23, 0x20, 0xe9, 0x0a])

const secret = (comment: string): Files => ({
  'compose.yml': compose({
    service: '    secrets: [a]\n',
    rest: 'secrets: {a: {external: true, name: "${STACK_NAME}_a_${SECRET_A_VERSION}"}}\n',
  }),
  '.env.sample': `${ENV}SECRET_A_VERSION=v1 # ${comment}\n`,
})

interface Row {
  readonly id: string
  readonly ok: boolean
  readonly severity: string
  readonly message: string
  readonly where?: string
}

async function ask(command: 'plan' | 'lint', dir: string) {
  await using workshop = openWorkshop()
  const { exitCode, stdout, stderr } = await workshop.run([command, dir, '--json'])
  return { exitCode, stderr, said: JSON.parse(stdout) }
}

/** Error-level rows that are broken. */
const errorsOf = (rows: Row[]) => rows.filter(({ ok, severity }) => !ok && severity === 'error').map(({ id }) => id)

/** What the docker CLI and the operators' client deploy is planned, with nothing refused and no rule of level error broken. */
describe.each<[what: string, files: Files, reported: { code?: string; row?: Partial<Row> }]>([
  ['tests of the application', { 'src/a.test.ts': '', 'tests/b.spec.js': '', 'e2e/c.spec.ts': '' }, {}],
  ['a spec for cc-ci at the top', { 'tests/install.spec.ts': '' }, { code: 'spec-not-run' }],
  [
    'prose behind the version of a secret',
    secret('length=32 see a=b'),
    { row: { id: 'CC11', where: '.env.sample:3:1' } },
  ],
  ['a length that means none', secret('length=0'), { row: { id: 'CC11', where: '.env.sample:3:1' } }],
  ['another word for false', secret('generate=False'), {}],
  [
    'an .env.sample in Latin-1',
    { '.env.sample': new Uint8Array([...Buffer.from(ENV), ...LATIN_1]) },
    { code: 'not-utf8', row: { id: 'CC25', where: '.env.sample:3' } },
  ],
  ['an abra.sh in Latin-1', { 'abra.sh': LATIN_1 }, { code: 'not-utf8', row: { id: 'CC25', where: 'abra.sh:1' } }],
  ['a README in Latin-1', { 'README.md': LATIN_1 }, { code: 'not-utf8', row: { id: 'CC25', where: 'README.md:1' } }],
  [
    'a README in UTF-16',
    { 'README.md': new Uint8Array([0xff, 0xfe, 0x23, 0]) },
    { code: 'readme-unread', row: { id: 'CC25', where: 'README.md' } },
  ],
  [
    'a README without end',
    { 'README.md': new Uint8Array(2 ** 21).fill(0x61) },
    { code: 'readme-unread', row: { id: 'CC25' } },
  ],
  [
    'a volume of one letter, long form',
    {
      'compose.yml': compose({
        service: '    volumes: [{type: volume, source: d, target: /d}]\n',
        rest: 'volumes: {d: }\n',
      }),
    },
    {},
  ],
  [
    'a pattern of own subdomains',
    { 'compose.yml': compose({ labels: ['traefik.http.routers.b.rule=HostRegexp(`^.+\\.${DOMAIN}$$`)'] }) },
    {},
  ],
  [
    'a router that leads to nobody',
    { 'compose.yml': compose({ labels: ['traefik.http.routers.a.service=noop@internal'] }) },
    {},
  ],
  [
    'raw TCP on an entry point of its own',
    {
      'compose.yml': compose({
        labels: ['traefik.tcp.routers.a.rule=HostSNI(`*`)', 'traefik.tcp.routers.a.entrypoints=ssh'],
      }),
    },
    {},
  ],
  [
    'forward authentication by itself',
    {
      'compose.yml': compose({
        labels: ['traefik.http.middlewares.a.forwardauth.address=http://${STACK_NAME}_app:80/auth'],
      }),
    },
    {},
  ],
  [
    'a health check that the engine ignores',
    { 'compose.yml': compose({ service: '    healthcheck: {test: ["curl", "-f", "http://localhost"]}\n' }) },
    { row: { id: 'R002', where: 'compose.yml:5:5' } },
  ],
])('%s', (_what, files, { code, row }) => {
  test('is planned', async () => {
    const { exitCode, said, stderr } = await ask('plan', await repository({ ...RECIPE, ...files }))
    expect([exitCode, stderr]).toEqual([0, ''])
    expect(said.policy).toEqual([])
    expect(said.findings.map((finding: { code: string }) => finding.code)).toEqual(code ? [code] : [])
  })

  test('breaks no rule of level error', async () => {
    const { exitCode, said, stderr } = await ask('lint', await repository({ ...RECIPE, ...files }))
    expect([exitCode, stderr, errorsOf(said)]).toEqual([0, '', []])
    if (row) expect(said.filter(({ ok }: Row) => !ok)).toContainEqual(expect.objectContaining(row))
  })
})

/** What nobody could deploy ends with 2, and lint prints its whole table all the same. */
describe.each<[what: string, files: Files, unread: string[], judged: string[]]>([
  [
    'keys that no stack has',
    { 'compose.yml': compose({ service: '    imag: x\n    tty: 3\n' }) },
    ['compose.yml:5:5', 'compose.yml:6:5'],
    ['R006', 'R008', 'R014'],
  ],
  ['a line of .env.sample that is none', { '.env.sample': `${ENV}nonsense\n` }, ['.env.sample:3:1'], ['R006', 'R014']],
  ['a length at which the client stops', secret('length=many'), ['.env.sample:3:1'], ['R001', 'R009', 'CC08', 'CC11']],
  [
    'settings and compose files',
    { 'cc-ci/cc-ci.yml': 'HEALTH_PATH: /\n', 'compose.yml': compose({ service: '    tty: 3\n' }) },
    ['cc-ci/cc-ci.yml:1:1', 'compose.yml:5:5'],
    ['R008'],
  ],
  [
    'settings alone',
    { 'cc-ci/cc-ci.yml': 'HEALTH_PATH: /\n' },
    ['cc-ci/cc-ci.yml:1:1'],
    ['R001', 'R009', 'CC08', 'CC25'],
  ],
])('%s', (_what, files, unread, judged) => {
  test('ends with 2, each problem a row of the table', async () => {
    const dir = await repository({ ...RECIPE, ...files })
    expect((await ask('plan', dir)).exitCode).toBe(2)
    const { exitCode, said, stderr } = await ask('lint', dir)
    expect([exitCode, stderr]).toEqual([2, ''])
    const whole = await ask('lint', await repository(RECIPE))
    const idsOf = (rows: Row[]) => [...new Set(rows.map(({ id }) => id))]
    expect(idsOf(said)).toEqual(idsOf(whole.said))
    const rows = said as (Row & { skipped?: boolean })[]
    expect(rows.filter(({ id }) => id === 'CC00').map(({ where, ok }) => [where, ok])).toEqual(
      unread.map((place) => [place, false]),
    )
    expect(rows.filter(({ skipped }) => !skipped).map(({ id }) => id)).toEqual(expect.arrayContaining(judged))
  })
})

test('no service named app is a broken rule among all others', async () => {
  const dir = await repository({ ...RECIPE, 'compose.yml': compose().replace('  app:', '  web:') })
  const { exitCode, said } = await ask('lint', dir)
  expect([exitCode, errorsOf(said)]).toEqual([1, ['R009']])
})

describe('an app of the base, whose env file knows less than head', () => {
  async function changed(files: Files, base: Files = {}) {
    const dir = await repository({ ...RECIPE, ...base })
    await git(dir, 'tag', '-a', '-m', 'x', '1.0.0+1.25.3')
    await commit(dir, 'head', files)
    return dir
  }
  const required = {
    'compose.yml': compose({ service: '    hostname: ${NEW:?set it}\n' }),
    '.env.sample': `${ENV}NEW=x\n`,
  }

  test('is a fault of the upgrade, and keeps nothing else from being judged', async () => {
    const { exitCode, said } = await ask('plan', await changed(required))
    expect([exitCode, said.base.version]).toEqual([0, '1.0.0+1.25.3'])
    expect(said.upgradeFaults).toMatchObject([
      { code: 'compose-invalid', message: expect.stringContaining('NEW'), where: { file: 'compose.yml', line: 5 } },
    ])
  })

  test('is one where the env file selects a compose file that head has no more', async () => {
    const dir = await changed(
      { '.env.sample': ENV },
      {
        '.env.sample': `${ENV}COMPOSE_FILE=compose.yml:compose.old.yml\n`,
        'compose.old.yml': compose({ service: '    hostname: old\n' }),
      },
    )
    await git(dir, 'rm', '--quiet', 'compose.old.yml')
    await commit(dir, 'gone')
    const { exitCode, said } = await ask('plan', dir)
    expect([exitCode, said.upgradeFaults.map(({ code }: { code: string }) => code)]).toEqual([0, ['overlay-missing']])
  })

  test('is none where operators are told to add it', async () => {
    const dir = await changed({ ...required, 'cc-ci/cc-ci.yml': 'upgrade: {env: {NEW: y}}\n' })
    expect((await ask('plan', dir)).said.upgradeFaults).toEqual([])
  })

  test('is told by lint as a variable without default', async () => {
    const { said } = await ask('lint', await changed(required))
    expect(said).toContainEqual(expect.objectContaining({ id: 'CC02', ok: false, where: 'compose.yml:5:5' }))
  })
})

test('what the CI overlay gets wrong is told in its own file', async () => {
  const overlay = 'version: "3.8"\nservices:\n  app:\n    secrets: [nope]\n'
  await using workshop = openWorkshop()
  const done = await workshop.run(['plan', await repository({ ...RECIPE, 'cc-ci/compose.ci.yml': overlay })])
  expect([done.exitCode, done.stderr]).toEqual([
    2,
    expect.stringMatching(/^cc-ci: cc-ci\/compose\.ci\.yml:4:15: .*"nope", which is not defined/),
  ])
})
