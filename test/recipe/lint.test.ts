// cspell:ignore tcpdump arping pingora unhealthyinterval rtprio localdomain parentrefs usersfile serverstransport serverstransports insecureskipverify defaultgeneratedcert defaultcertificate customrequestheaders
import { describe, expect, test } from 'vitest'
import { readTree } from '../../src/recipe/files/tree.ts'
import { type LintRow, lint } from '../../src/recipe/lint/lint.ts'
import { LINT_RULES } from '../../src/recipe/lint/rules.ts'
import { POLICY, policyProblems } from '../../src/recipe/policy/policy.ts'
import { openRecipe } from '../../src/recipe/repository/repo.ts'
import { appEnv } from '../../src/recipe/stack/app-env.ts'
import { resolveStack } from '../../src/recipe/stack/resolve.ts'
import { commit, type Files, git, repository, resolved } from './throwaway.ts'

const README = `<!-- metadata -->\n${['Category', 'Status', 'Image', 'Healthcheck', 'Backups', 'Email', 'Tests', 'SSO'].map((key) => `* **${key}**: x`).join('\n')}\n<!-- endmetadata -->\n`

const GOOD = `version: "3.8"
services:
  app:
    image: nginx:1.25.3
    networks: [proxy]
    volumes: ["content:/usr/share/nginx/html"]
    secrets: [db_pass]
    configs: [{source: conf, target: /conf, mode: 0555}]
    healthcheck: {test: ["CMD", "true"]}
    deploy:
      labels:
        - "traefik.enable=true"
        - "traefik.http.routers.a.rule=Host('a.example.com')"
        - "coop-cloud.\${STACK_NAME}.version=1.0.0+1.25.3"
        - "backupbot.backup=true"
        - "backupbot.backup.volumes.content.path=a,b"
networks: {proxy: {external: true}}
volumes: {content: }
secrets:
  db_pass: {external: true, name: "\${STACK_NAME}_db_pass_\${SECRET_DB_PASS_VERSION}"}
configs:
  conf: {file: conf.txt, name: "\${STACK_NAME}_conf_\${CONF_VERSION}"}
`
const RECIPE: Files = {
  'compose.yml': GOOD,
  '.env.sample': 'DOMAIN=a.example.com\nSECRET_DB_PASS_VERSION=v1 # length=32\n',
  'abra.sh': 'export CONF_VERSION=v1\n',
  'conf.txt': 'one\n',
  'README.md': README,
}

async function lintDir(dir: string): Promise<LintRow[]> {
  const tree = await readTree(dir)
  const env = appEnv(tree, { STACK_NAME: 'a_example_com' })
  const repo = await openRecipe(dir)
  const released = repo.versions.findLast((version) => version.commit !== repo.head.commit)
  const base = released ? { version: released.tag, commit: released.commit } : null
  return lint({ repo, tree, env, stack: await resolveStack(tree, env), base })
}

async function broken(files: Files): Promise<LintRow[]> {
  const dir = await repository({ ...RECIPE, ...files })
  await git(dir, 'tag', '-a', '-m', 'x', '0.9.0+1.0.0')
  return (await lintDir(dir)).filter(({ ok }) => !ok)
}

const edited = (from: string, to: string): Files => {
  expect(GOOD).toContain(from)
  return { 'compose.yml': GOOD.replace(from, to) }
}

test('a good recipe breaks nothing, and every rule says what it looked at', async () => {
  const dir = await repository(RECIPE)
  await git(dir, 'tag', '-a', '-m', 'x', '1.0.0+1.25.3')
  const rows = await lintDir(dir)
  expect(rows.filter(({ ok }) => !ok)).toEqual([])
  expect([...new Set(rows.map(({ id }) => id))]).toEqual(LINT_RULES.map(({ id }) => id))
  expect(rows.every(({ subject }) => subject !== '')).toBe(true)
  expect(rows.filter(({ skipped }) => skipped).map(({ id }) => id)).toEqual([
    'R013',
    'R016',
    'CC01',
    'CC02',
    'CC20',
    'CC21',
  ])
})

test('the table of rules is whole', () => {
  expect(new Set(LINT_RULES.map(({ id }) => id)).size).toBe(LINT_RULES.length)
  expect(LINT_RULES.map(({ id }) => id).filter((id) => id.startsWith('R'))).toEqual(
    Array.from({ length: 16 }, (_, i) => `R${String(i + 1).padStart(3, '0')}`),
  )
  for (const { title, fix, source } of LINT_RULES) for (const text of [title, fix, source]) expect(text).not.toBe('')
})

describe.each<[id: string, files: () => Files, where: string | undefined]>([
  ['R001', () => edited('version: "3.8"', 'version: "3.9"'), 'compose.yml:1:1'],
  ['R002', () => edited('{test: ["CMD", "true"]}', '{disable: true}'), 'compose.yml:9:5'],
  ['R002', () => edited('["CMD", "true"]', '["curl", "-f", "http://localhost"]'), 'compose.yml:9:5'],
  ['R002', () => edited('["CMD", "true"]', '["cmd", "true"]'), 'compose.yml:9:5'],
  ['R002', () => edited('["CMD", "true"]', '["NONE"]'), 'compose.yml:9:5'],
  ['R003', () => edited('nginx:1.25.3', 'localhost:5000/nginx'), 'compose.yml:4:5'],
  ['R004', () => edited('nginx:1.25.3', 'nginx:latest'), 'compose.yml:4:5'],
  ['R005', () => edited('nginx:1.25.3', 'nginx:stable-alpine'), 'compose.yml:4:5'],
  ['R007', () => ({ 'README.md': README.replace('**SSO**: x', '**SSO**: ?') }), 'README.md'],
  ['R009', () => edited('  app:', '  web:'), 'compose.yml:2:1'],
  ['R010', () => edited('traefik.enable=true', 'traefik.enable=false'), 'compose.yml:10:5'],
  ['R012', () => ({ 'abra.sh': '' }), 'compose.yml:22:26'],
  ['R015', () => edited('secrets: [db_pass]', 'secrets: [db_pass, very_long_secret_name]\n#'), undefined],
  ['CC03', () => edited('mode: 0555', 'mode: 555'), 'compose.yml:8:45'],
  ['CC04', () => edited('"content:/usr', '"content:/x", "c:/usr'), 'compose.yml:6:29'],
  ['CC04', () => edited('"content:/usr', '"content:/x", "${DRIVE:-c}:/x:ro", "content:/usr'), 'compose.yml:6:29'],
  [
    'CC05',
    () => edited('    healthcheck:', '    labels: ["backupbot.backup=true"]\n    healthcheck:'),
    'compose.yml:9:14',
  ],
  [
    'CC06',
    () => edited('backupbot.backup.volumes.content.path', 'backupbot.backup.volumes.contents.path'),
    'compose.yml:16:11',
  ],
  [
    'CC06',
    () => edited('backupbot.backup.volumes.content.path=a,b', 'backupbot.backup.command=x'),
    'compose.yml:16:11',
  ],
  ['CC07', () => edited('backupbot.backup.volumes.content.path=a,b', 'backupbot.backup.path=/x'), 'compose.yml:16:11'],
  ['CC08', () => edited('content:/usr', '/etc:/usr'), 'compose.yml:6:5'],
  ['CC09', () => edited('    networks:', '    hostname: $DOMAIN-x\n    networks:'), 'compose.yml:5:5'],
  ['CC09', () => edited('    networks:', '    labels: {"a.${DOMAIN}": x}\n    networks:'), 'compose.yml:5:14'],
  ['CC09', () => edited('    networks:', '    hostname: "${NOPE:-${DOMAIN}}"\n    networks:'), 'compose.yml:5:5'],
  ['CC19', () => edited('    networks:', '    ports: ["127.0.0.1:8080:80"]\n    networks:'), 'compose.yml:5:13'],
  [
    'CC19',
    () =>
      edited(
        'volumes: ["content:/usr/share/nginx/html"]',
        'volumes: [{type: volume, source: content, target: /c, volume: {what: 1}}]',
      ),
    'compose.yml:6:68',
  ],
  [
    'CC19',
    () => ({
      ...edited('    networks:', '    ports: ["53:53", "53:53/udp"]\n    networks:'),
      'compose.two.yml': 'version: "3.8"\nservices:\n  app: {hostname: a}\n',
      '.env.sample': `${RECIPE['.env.sample']}COMPOSE_FILE=compose.yml:compose.two.yml\n`,
    }),
    'compose.yml:5:5',
  ],
  ['CC10', () => ({ '.env.sample': 'DOMAIN=x\n' }), 'compose.yml:20:3'],
  [
    'CC11',
    () => ({ '.env.sample': 'DOMAIN=x\nSECRET_DB_PASS_VERSION=v1 # length=8 charset=emoji\n' }),
    '.env.sample:2:1',
  ],
  ['CC11', () => ({ '.env.sample': 'DOMAIN=x\nSECRET_DB_PASS_VERSION=v1 # length=8 or x=y\n' }), '.env.sample:2:1'],
  ['CC11', () => ({ '.env.sample': 'DOMAIN=x\nSECRET_DB_PASS_VERSION=v1 # length=0\n' }), '.env.sample:2:1'],
  ['CC12', () => edited('    networks:', '    restart: always\n    networks:'), 'compose.yml:5:5'],
  ['CC13', () => edited('    networks:', '    hostname: ${NOPE}\n    networks:'), 'compose.yml:5:5'],
  [
    'CC15',
    () => edited('http.routers.a.rule=', 'http.routers.a.rules=x"\n        - "traefik.http.routers.a.rule='),
    'compose.yml:13:11',
  ],
  [
    'CC16',
    () =>
      edited(
        'traefik.http.routers.a.rule=',
        'traefik.http.middlewares.a.headers.frame=x"\n        - "traefik.http.routers.a.rule=',
      ),
    'compose.yml:13:11',
  ],
  [
    'CC17',
    () =>
      edited(
        'traefik.http.routers.a.rule=',
        'traefik.http.routers.b.entrypoints=web"\n        - "traefik.http.routers.a.rule=',
      ),
    'compose.yml:13:11',
  ],
  ['CC17', () => edited('traefik.http.routers.a.rule=', 'traefik.docker.network='), 'compose.yml:12:11'],
  ['CC21', () => edited('    healthcheck:', '    depends_on: [ap, app]\n    healthcheck:'), 'compose.yml:9:18'],
  ['CC18', () => edited('traefik.enable=true', 'traefik.docker.network=proxy'), 'compose.yml:12:11'],
  ['CC18', () => edited('traefik.http.routers.a.rule=', 'traefik.docker.network='), 'compose.yml:12:11'],
  [
    'CC20',
    () => ({
      ...edited('file: conf.txt,', 'file: conf.txt, template_driver: golang,'),
      'conf.txt': 'host {{ env "DOMAIN" }}\nport {{ env "PORT" }}\n',
    }),
    'conf.txt:2:6',
  ],
  ['CC14', () => edited('    networks:', '    stop_grace_period: ${GRACE:-1m}\n    networks:'), 'compose.yml:5:5'],
])('%s', (id, files, where) => {
  test(`finds it at ${where}`, async () => {
    const changed = files()
    if (id === 'R015') {
      const text = String(changed['compose.yml'])
      const more =
        'secrets:\n  very_long_secret_name: {external: true, name: "${STACK_NAME}_v_${SECRET_DB_PASS_VERSION}"}'
      const rows = await broken({ 'compose.yml': text.replace('\nsecrets:', `\n${more}`) })
      expect(rows.map((row) => row.id)).toEqual(['R015'])
      return
    }
    const rows = (await broken(changed)).filter((row) => row.id === id)
    expect(rows).toHaveLength(1)
    expect(rows[0]?.where).toBe(where)
    expect(rows[0]?.hint).not.toBe('')
  })
})

describe('backup labels are read as the backup plan reads them', () => {
  const LABEL = 'backupbot.backup.volumes.content.path=a,b'
  const WORKER = '  worker: {image: "nginx:1.25.3", healthcheck: {test: ["CMD", "true"]}, volumes: ["db.data:/x"]}\n'
  const labelled = (label: string): Files => ({
    'compose.yml': GOOD.replace(LABEL, label)
      .replace('\nnetworks: {proxy', `\n${WORKER}networks: {proxy`)
      .replace('volumes: {content: }', 'volumes: {content: , db.data: , x.path: }'),
  })

  test.each([
    'backupbot.backup.volumes.db.data=false',
    'backupbot.backup.volumes.db.data.path=dump.sql',
    'backupbot.backup.volumes.x.path=false',
    'backupbot.backup.volumes.content=1',
    'backupbot.backup.volumes.content=off',
    'backupbot.restore.volumes.db.data=false',
    'backupbot.restore=true',
  ])('%s', async (label) => {
    expect(await broken(labelled(label))).toEqual([])
  })

  test.each(['1', 'yes', ' TRUE', 'off', '0', ''])('backupbot.backup=%s', async (value) => {
    expect(await broken(edited('backupbot.backup=true', `backupbot.backup=${value}`))).toEqual([])
  })

  test.each([
    [
      'backupbot.backup.volumes.db.dat=false',
      /^names no volume of this stack \(volumes: content, db.data, x.path\)\. Did you mean "db.data"\?$/,
    ],
    ['backupbot.backup.volumes.content=perhaps', /^is "perhaps", which is neither true nor false$/],
    ['backupbot.backup.volumes.db.data.path=/srv', /^has the path "\/srv", but paths are relative/],
    ['backupbot.backup.pre-hok=x', /^is not a label that backups know\. Did you mean "backupbot.backup.pre-hook"\?$/],
  ])('%s is wrong', async (label, problem) => {
    const rows = await broken(labelled(label))
    expect(rows).toMatchObject([{ id: 'CC06', severity: 'error', message: expect.stringMatching(problem) as unknown }])
  })
})

test('a volume of one letter in the long form is one like any other', async () => {
  const long = edited('["content:/usr/share/nginx/html"]', '["content:/x", {type: volume, source: d, target: /d}]')
  const compose = String(long['compose.yml']).replace('volumes: {content: }', 'volumes: {content: , d: }')
  expect(await broken({ 'compose.yml': compose })).toEqual([])
})

test.each<[file: string, content: Uint8Array | string, where: string]>([
  ['.env.sample', new Uint8Array([...Buffer.from(`${RECIPE['.env.sample']}# caf`), 0xe9, 0x0a]), '.env.sample:3'],
  ['abra.sh', new Uint8Array([...Buffer.from(`${RECIPE['abra.sh']}# caf`), 0xe9, 0x0a]), 'abra.sh:2'],
  ['README.md', new Uint8Array([...Buffer.from(README), 0xe9]), 'README.md:11'],
])('a byte of %s that is not UTF-8 is CC25 at its line', async (file, content, where) => {
  expect(await broken({ [file]: content })).toMatchObject([{ id: 'CC25', severity: 'warning', subject: file, where }])
})

test('a README that cannot be read is CC25, and keeps nobody', async () => {
  const found = await broken({ 'README.md': new Uint8Array([0xff, 0xfe, 0x41, 0]) })
  expect(found).toMatchObject([
    { id: 'R007' },
    { id: 'CC25', where: 'README.md', message: expect.stringMatching(/^is binary/) as string },
  ])
})

test('tags: a lightweight release tag is R014, no release is R006', async () => {
  const dir = await repository(RECIPE)
  await git(dir, 'tag', '1.0.0+1.25.3')
  expect((await lintDir(dir)).filter(({ ok }) => !ok).map(({ id, subject }) => [id, subject])).toEqual([
    ['R006', 'tags'],
    ['R014', 'tag 1.0.0+1.25.3'],
  ])
})

describe('since the last release', () => {
  async function released(): Promise<string> {
    const dir = await repository(RECIPE)
    await git(dir, 'tag', '-a', '-m', 'x', '1.0.0+1.25.3')
    return dir
  }
  const row = async (dir: string, id: string) => (await lintDir(dir)).filter((found) => found.id === id)

  test('a config that changed without its version is CC01, at the line of abra.sh, with its cause', async () => {
    const dir = await released()
    await commit(dir, 'x', { 'conf.txt': 'two\n' })
    expect(await row(dir, 'CC01')).toMatchObject([
      {
        ok: false,
        severity: 'error',
        subject: 'config conf',
        where: 'abra.sh:1:8',
        cause: 'config-version-not-bumped',
      },
    ])
    await commit(dir, 'x', { 'abra.sh': 'export CONF_VERSION=v2\n' })
    expect(await row(dir, 'CC01')).toMatchObject([{ ok: true }])
  })

  test('a version in .env.sample alone is no version', async () => {
    const dir = await released()
    await commit(dir, 'x', { 'conf.txt': 'two\n', '.env.sample': `${RECIPE['.env.sample']}CONF_VERSION=v2\n` })
    expect(await row(dir, 'CC01')).toMatchObject([{ ok: false }])
  })

  const COMPOSE_OF = (from: string, to: string): Files => ({ 'compose.yml': GOOD.replace(from, to) })
  const OTHER: Files = { 'conf.txt': 'two\n' }

  test.each<[what: string, files: Files, problem: string | undefined]>([
    ['another name', { ...OTHER, ...COMPOSE_OF('_conf_$', '_conf2_$') }, undefined],
    ['a version in the name itself', { ...OTHER, ...COMPOSE_OF('${CONF_VERSION}', 'v2') }, undefined],
    ['another file of the same content', { 'b.txt': 'one\n', ...COMPOSE_OF('conf.txt', 'b.txt') }, undefined],
    [
      'another file of other content',
      { 'b.txt': 'two\n', ...COMPOSE_OF('conf.txt', 'b.txt') },
      'b.txt is not what conf.txt was in 1.0.0+1.25.3, and CONF_VERSION gives it the same name',
    ],
    [
      'a variable of another name and the same value',
      { ...OTHER, ...COMPOSE_OF('${CONF_VERSION}', '${NEW_VERSION}'), 'abra.sh': 'export NEW_VERSION=v1\n' },
      'conf.txt changed since 1.0.0+1.25.3, and NEW_VERSION gives it the same name',
    ],
    [
      'another key',
      { ...OTHER, 'compose.yml': GOOD.replace('source: conf', 'source: other').replace('conf: {', 'other: {') },
      'conf.txt changed since 1.0.0+1.25.3, and CONF_VERSION gives it the same name',
    ],
    [
      'another template driver, which the engine passes over',
      COMPOSE_OF('file: conf.txt', 'file: conf.txt, template_driver: golang'),
      'its template_driver changed since 1.0.0+1.25.3, and CONF_VERSION gives it the same name',
    ],
    [
      'another template driver under another name',
      {
        'compose.yml': GOOD.replace('file: conf.txt', 'file: conf.txt, template_driver: golang'),
        'abra.sh': 'export CONF_VERSION=v2\n',
      },
      undefined,
    ],
    [
      'a name without a version in place of the same one',
      { ...OTHER, ...COMPOSE_OF('${CONF_VERSION}', 'v1') },
      'conf.txt changed since 1.0.0+1.25.3, and its name has no version',
    ],
  ])('CC01 goes by name and content: %s', async (_, files, problem) => {
    const dir = await released()
    await commit(dir, 'x', files)
    const [found, ...more] = await row(dir, 'CC01')
    expect(more).toEqual([])
    expect(found).toMatchObject(problem === undefined ? { ok: true } : { ok: false, message: problem })
    expect(found?.skipped).toBeUndefined()
  })

  test('a config without a name of its own has one all the same, and a secret from a file is kept like a config', async () => {
    const text = GOOD.replace(', name: "${STACK_NAME}_conf_${CONF_VERSION}"', '')
      .replace('secrets: [db_pass]', 'secrets: [db_pass, salt]')
      .replace('\nsecrets:', '\nsecrets:\n  salt: {file: salt.txt, name: "${STACK_NAME}_salt_${SALT_VERSION}"}')
    const dir = await repository({
      ...RECIPE,
      'compose.yml': text,
      'salt.txt': 'one',
      'abra.sh': 'export SALT_VERSION=v1\n',
    })
    await git(dir, 'tag', '-a', '-m', 'x', '1.0.0+1.25.3')
    await commit(dir, 'x', { 'conf.txt': 'two\n', 'salt.txt': 'two' })
    expect(await row(dir, 'CC01')).toMatchObject([
      { subject: 'config conf', ok: false, where: 'compose.yml:23:3' },
      { subject: 'secret salt', ok: false, where: 'abra.sh:1:8' },
    ])
    await commit(dir, 'x', { 'conf.txt': 'one\n', 'abra.sh': 'export SALT_VERSION=v2\n' })
    expect(await row(dir, 'CC01')).toMatchObject([{ ok: true }, { ok: true }])
  })

  test('a release that cannot be read leaves CC01 open, with the reason', async () => {
    const dir = await repository({ ...RECIPE, 'compose.yml': 'services: 1\n' })
    await git(dir, 'tag', '-a', '-m', 'x', '1.0.0+1.25.3')
    await commit(dir, 'x', { 'compose.yml': GOOD })
    expect(await row(dir, 'CC01')).toMatchObject([
      {
        skipped: true,
        message: expect.stringMatching(/^the upgrade of 1\.0\.0\+1\.25\.3 cannot be read: compose/) as unknown,
      },
    ])
  })

  test('a new variable without default is CC02; with one, or in abra.sh, it is not', async () => {
    const dir = await released()
    const compose = (value: string) => GOOD.replace('    networks:', `    hostname: "${value}"\n    networks:`)
    await commit(dir, 'x', { 'compose.yml': compose('${NEW}'), '.env.sample': `${RECIPE['.env.sample']}NEW=x\n` })
    expect(await row(dir, 'CC02')).toMatchObject([{ ok: false, subject: 'variable NEW', where: 'compose.yml:5:5' }])
    await commit(dir, 'x', { 'compose.yml': compose('${NEW:-x}') })
    expect(await row(dir, 'CC02')).toMatchObject([{ ok: true }])
    await commit(dir, 'x', { 'compose.yml': compose('${NEW}'), 'abra.sh': 'export CONF_VERSION=v1\nexport NEW=1\n' })
    expect(await row(dir, 'CC02')).toMatchObject([{ ok: true }])
  })

  test('the release itself is compared with the one before it', async () => {
    const dir = await released()
    const text = GOOD.replace('1.0.0+1.25.3', '1.1.0+1.25.3')
    await commit(dir, 'x', { 'compose.yml': text, 'conf.txt': 'two\n' })
    await git(dir, 'tag', '-a', '-m', 'x', '1.1.0+1.25.3')
    expect(await row(dir, 'CC01')).toMatchObject([
      { ok: false, message: expect.stringContaining('since 1.0.0+1.25.3') as unknown },
    ])
  })
})

const tcp = (rule: string, entryPoints?: string) =>
  `deploy: {labels: ['traefik.tcp.routers.x.rule=${rule}'${entryPoints === undefined ? '' : `, 'traefik.tcp.routers.x.entrypoints=${entryPoints}'`}]}`
const label = (text: string) => `deploy: {labels: ['traefik.http.${text}']}`

/** A section with so many entries. */
const many = (section: string, count: number, entry = '{}') =>
  `${section}: {${Array.from({ length: count }, (_, i) => `n${i}: ${entry}`).join(', ')}}`

describe('compose policy', () => {
  const CASES: [code: keyof typeof POLICY, service: string, rest?: string][] = [
    ['bind-mount', 'volumes: ["./x:/x"]'],
    ['engine-socket', 'volumes: ["/var/run/docker.sock:/s"]'],
    ['engine-socket', 'volumes: ["/var/run:/host"]'],
    ['privileged', 'privileged: true'],
    ['cap-add', 'cap_add: [SYS_ADMIN]'],
    ['host-namespace', 'network_mode: host'],
    ['host-namespace', 'pid: host'],
    ['device', 'devices: ["/dev/sda:/dev/sda"]'],
    ['driver-bind', 'volumes: ["v:/v"]', 'volumes: {v: {driver_opts: {type: none, o: bind, device: /etc}}}'],
    ['foreign-network', 'networks: [n]', 'networks: {n: {external: true, name: host}}'],
    ['foreign-volume', 'volumes: ["v:/v"]', 'volumes: {v: {external: true}}'],
    ['foreign-volume', 'volumes: ["v:/v"]', 'volumes: {v: {name: other_app_data}}'],
    ['foreign-volume', 'volumes: ["v:/v"]', 'volumes: {v: {external: true, name: app_example_com-data}}'],
    ['foreign-volume', 'volumes: ["v:/v"]', 'volumes: {v: {name: app_example_comrade}}'],
    ['foreign-secret', 'secrets: [s]', 'secrets: {s: {external: true, name: other_secret_v1}}'],
    ['foreign-config', 'configs: [c]', 'configs: {c: {external: true}}'],
    [
      'driver-bind',
      'volumes: ["v:/v"]',
      'volumes: {v: {driver_opts: {type: overlay, device: overlay, o: "lowerdir=/etc:/usr"}}}',
    ],
    ['driver-bind', 'volumes: ["v:/v"]', 'volumes: {v: {driver_opts: {type: ext4, device: dev/sda1}}}'],
    ['foreign-network', 'networks: [n]', 'networks: {n: {driver: macvlan}}'],
    ['log-driver', 'logging: {driver: syslog, options: {syslog-address: "udp://127.0.0.1:514"}}'],
    ['foreign-route', label('routers.x.rule=PathPrefix(`/`)')],
    ['foreign-route', label('routers.x.rule=PathRegexp(`^/x|Host(app.example.com)`)')],
    ['foreign-route', label('routers.x.rule=Host(`app.example.com`) || Path(`/x`)')],
    ['foreign-route', label('routers.x.rule=!((Host(`app.example.com`)))')],
    ['foreign-route', label('routers.x.rule=!(Path(`/x`) && Host(`app.example.com`))')],
    ['foreign-route', label('routers.x.rule=Host(`other.example.com`)')],
    ['foreign-route', label('routers.x.service=api@internal')],
    ['foreign-route', label('routers.x.service=noop@internal@internal')],
    ['foreign-route', label('routers.x.rule=HostRegexp(`.+`)')],
    ['foreign-route', label('routers.x.rule=HostRegexp(`^.+.app.example.com$$`, `.+`)')],
    ['foreign-route', label('routers.x.rule=HostRegexp(`^.+.app.example.com$$`) || Path(`/x`)')],
    ['foreign-route', label('routers.x.rule=!HostRegexp(`^.+.app.example.com$$`)')],
    ['foreign-route', tcp('HostSNI(`*`)')],
    ['foreign-route', tcp('HostSNI(`*`)', 'ssh, web-secure')],
    ['foreign-route', tcp('HostSNI(`*`)', '')],
    ['foreign-route', label('services.ccci-keycloak.loadbalancer.server.port=80')],
    ['foreign-route', label('services.x.loadbalancer.server.url=http://127.0.0.1:8080')],
    ['foreign-route', label('middlewares.x.forwardauth.address=http://127.0.0.1')],
    ['foreign-route', label('middlewares.x.forwardauth.address=http://app_example_com_auth.elsewhere.org')],
    ['foreign-route', label('middlewares.x.forwardauth.address=http://app.example.com@127.0.0.1/')],
    ['foreign-route', 'networks: {proxy: {aliases: [keycloak.ci.test]}}', 'networks: {proxy: {external: true}}'],
    // H1: what Traefik makes of the spelling counts.
    ['foreign-route', label('routers.x.rule=Host(`keycloak.example.com.`)')],
    ['foreign-route', label('routers.x.rule=Host("keycloak.example.co\\x6d")')],
    ['foreign-route', label('routers.x.rule=Host("keycloak.example.co\\155")')],
    ['foreign-route', label('routers.x.rule=Host("keycloak.example.co\\u006d")')],
    ['foreign-route', label('routers.x.rule=Host("\\x2a")')],
    ['foreign-route', label('routers.x.rule=Host(`*`)')],
    ['foreign-route', label('routers.x.rule=Host(`example.com.`)')],
    ['foreign-route', label('routers.x.rule=Host(`shop.of-a-person.coop`)')],
    ['foreign-route', label('routers.x.rule=Host(`app.example.com`) && (Host(`keycloak.example.com`) || Path(`/`))')],
    ['foreign-route', label('routers.x.rule=Host(`app.example.com`) && !Host(`keycloak.example.com`)')],
    ['foreign-route', label('routers.x.rule=Host(`app.example.com` /* */)')],
    ['foreign-route', label('routers[x].rule=Host(`app.example.com`)')],
    ['foreign-route', label('routers[x].service=api@internal')],
    ['foreign-route', label('routers.x.entrypoints[0]=web')],
    ['foreign-route', "deploy: {labels: ['traefik.tcp.routers[x].rule=HostSNI(`*`)']}"],
    ['foreign-route', tcp('HostSNI("\\x2a")')],
    ['foreign-route', tcp('HostSNI(`keycloak.example.com.`)')],
    [
      'foreign-route',
      "deploy: {labels: ['traefik.tcp.routers.X.rule=HostSNI(`*`)', 'traefik.tcp.routers.x.entrypoints=ssh']}",
    ],
    ['foreign-route', tcp('HostSNI(`*`)', 'ssh\u0085')],
    ['foreign-route', "deploy: {labels: ['traefik.udp.routers.x.entrypoints=web']}"],
    ['foreign-route', "labels: ['traefik.http.routers.x.rule=Host(`keycloak.example.com`)']"],
    ['foreign-route', label('routers.x.priority=9223372036854775000')],
    ['foreign-route', label('routers.x.priority=9999999999')],
    ['foreign-route', label('middlewares.x.buffering.memRequestBodyBytes=99999999999')],
    ['foreign-route', label('middlewares.x.buffering.memResponseBodyBytes=0x7fffffff')],
    ['foreign-route', label('middlewares.x.forwardauth.maxBodySize=-1')],
    ['foreign-route', label('middlewares.x.forwardauth.forwardBody=true')],
    ['foreign-route', label('middlewares.x.retry.attempts=1000000')],
    ['foreign-route', label('middlewares.x.retry.maxRequestBodyBytes=-1')],
    ['foreign-route', label('middlewares.x.basicauth.users=a:$$2y$$31$$aaaaaaaaaaaaaaaaaaaaaa')],
    ['foreign-route', label('middlewares.x.basicauth.users=a:$$apr1$$aaaa,b:$$2A$$15$$aaaa')],
    ['foreign-route', label('routers.x.service=x@file')],
    ['foreign-route', label('routers.x.service=other_ci_test@swarm')],
    ['foreign-route', label('routers.x.service=ccci-keycloak')],
    ['foreign-route', label('routers.x.middlewares=a,other_ci_test-auth')],
    ['foreign-route', label('routers.x.middlewares=dashboard_redirect@internal')],
    ['foreign-route', label('routers.x.parentrefs=y')],
    ['foreign-route', label('routers.x.tls.domains[0].main=keycloak.example.com')],
    ['foreign-route', label('routers.x.tls.domains[0].sans=app.example.com,*.example.com')],
    ['foreign-route', label('middlewares.x.errors.service=api@internal')],
    ['foreign-route', label('middlewares.x.basicauth.usersfile=/edge/leaf.key')],
    ['foreign-route', label('middlewares.x.digestauth.usersfile=/edge/leaf.key')],
    ['foreign-route', label('middlewares.x.ratelimit.redis.endpoints=172.18.0.1:6379')],
    ['foreign-route', label('middlewares.x.forwardauth.tls.key=/edge/leaf.key')],
    ['foreign-route', label('middlewares.x.plugin.any.thing=1')],
    ['foreign-route', label('middlewares.x.chain.middlewares=x@consul')],
    ['foreign-route', label('services.x.loadbalancer.serverstransport=x')],
    ['foreign-route', label('services.x.weighted.services[0].name=y')],
    ['foreign-route', label('serverstransports.x.insecureskipverify=true')],
    ['foreign-route', label('services.x.loadbalancer.healthcheck.path=//127.0.0.1:8080/')],
    // H2
    ['foreign-route', "deploy: {labels: ['traefik.tls.stores.default.defaultgeneratedcert.resolver=x']}"],
    ['foreign-route', "deploy: {labels: ['traefik.tls.stores.default.defaultcertificate.certfile=/x']}"],
    // M1
    ['foreign-route', 'hostname: keycloak.ci.test'],
    ['foreign-route', 'hostname: Keycloak.CI.Test.'],
    ['foreign-route', 'hostname: cc-ci-edge'],
    ['foreign-route', 'hostname: other_ci_test_app'],
    ['foreign-route', '{hostname: keycloak, domainname: ci.test}'],
    ['foreign-route', 'container_name: ccci-keycloak'],
    ['foreign-route', '', '  ccci-keycloak: {image: x}'],
    ['foreign-route', '', '  keycloak.ci.test: {image: x}'],
    ['foreign-route', `hostname: '{{"keycloak.ci.test"}}'`],
    ['foreign-route', `hostname: '{{printf "ccci-%s" .Task.Slot}}'`],
    ['foreign-route', `hostname: '{{index .Service.Labels "x"}}'`],
    ['foreign-route', 'hostname: tasks.ccci-keycloak'],
    ['foreign-route', '', '  tasks.cc-ci-edge: {image: x}'],
    ['foreign-route', '{networks: [proxy], hostname: registry.npmjs.org', 'networks: {proxy: {external: true}}'],
    ['foreign-route', '{hostname: api.stripe.com', 'networks: {default: {external: true, name: proxy}}'],
    ['foreign-route', '', '  registry.npmjs.org: {image: x, networks: [proxy]}\nnetworks: {proxy: {external: true}}'],
    // M4
    ['host-port', 'ports: ["80"]'],
    ['host-port', 'ports: [{target: 80, mode: host}]'],
    // M5
    ['foreign-volume', 'volumes: ["ccci-restic:/r"]', 'volumes: {ccci-restic: }'],
    ['foreign-volume', 'volumes: ["r:/r"]', 'volumes: {r: {name: app_example_com_ccci-restic}}'],
    ['foreign-network', 'networks: [n]', 'networks: {n: {external: true, name: app_example_com_ccci-sandbox}}'],
    ['foreign-secret', 'secrets: [s]', 'secrets: {s: {external: true, name: app_example_com_ccci-members_key_v1}}'],
    ['foreign-config', 'configs: [c]', 'configs: {c: {external: true, name: app_example_com_ccci-authority}}'],
    ['foreign-volume', 'volumes: ["data:/r"]', `volumes: {data: {name: 'app_example_com_{{"ccci-restic"}}'}}`],
    [
      'foreign-volume',
      'volumes: ["data:/r"]',
      `volumes: {data: {name: 'app_example_com_c{{.Task.Slot | printf "%s"}}'}}`,
    ],
    ['foreign-volume', 'volumes: ["data:/r"]', `volumes: {data: {name: 'app_example_com-{{""}}x'}}`],
    // What stands in the address that the edge calls.
    ['foreign-route', label('services.x.loadbalancer.server.port=80@127.0.0.1:8080')],
    ['foreign-route', label('services.x.loadbalancer.server.port=80/../x')],
    ['foreign-route', label('services.x.LoadBalancer.Server.Scheme=http://127.0.0.1:8080/?')],
    ['foreign-route', label('services.x.loadbalancer.healthcheck.scheme=http://127.0.0.1:8080/?')],
    ['foreign-route', label('services.x.loadbalancer.healthcheck.interval=1ns')],
    ['foreign-route', label('services.x.loadbalancer.healthcheck.unhealthyinterval=0')],
    ['foreign-route', "deploy: {labels: ['traefik.tcp.services.x.loadbalancer.server.port=80@127.0.0.1:8080']}"],
    // L4, L5, L7
    [
      'driver-bind',
      'volumes: ["v:/v"]',
      'volumes: {v: {driver_opts: {type: tmpfs, device: tmpfs, o: "size=1m,bind"}}}',
    ],
    ['driver-bind', 'volumes: ["v:/v"]', 'volumes: {v: {driver_opts: {type: tmpfs, device: tmpfs, Device: /etc}}}'],
    ['foreign-volume', 'volumes: [{type: cluster, source: x, target: /x}]'],
    ['foreign-secret', 'secrets: [s]', 'secrets: {s: {driver: vault}}'],
    ['host-setting', 'oom_score_adj: -1000'],
    ['host-setting', 'sysctls: {kernel.core_pattern: "|/x"}'],
    ['host-setting', 'sysctls: [vm.overcommit_memory=1]'],
    ['host-setting', 'credential_spec: {file: x.json}'],
    ['host-setting', 'ulimits: {rtprio: 99}'],
    ['host-setting', 'ulimits: {rtprio: {soft: 0, hard: -1}}'],
    ['host-setting', 'ulimits: {nice: {soft: 20, hard: 40}}'],
    ['host-setting', 'healthcheck: {test: [CMD, "true"], interval: 1ms}'],
    ['host-setting', 'healthcheck: {test: [CMD, "true"], start_period: 1h, start_interval: 2ms}'],
    ['host-setting', 'logging: {driver: json-file, options: {mode: non-blocking, max-buffer-size: 100g}}'],
    ['host-setting', 'logging: {driver: json-file, options: {mode: non-blocking, max-buffer-size: "1e10"}}'],
    ['host-setting', 'logging: {driver: json-file, options: {mode: non-blocking, max-buffer-size: "1.g"}}'],
    ['host-setting', 'sysctls: {"net.../../kernel/core_pattern": "|x"}'],
    ['host-setting', 'sysctls: ["net./../kernel/core_pattern=|x"]'],
    ['local-registry', 'image: 127.0.0.1:5000/x'],
    ['local-registry', 'image: localhost.localdomain/x'],
    ['network-address', 'networks: [n]', 'networks: {n: {ipam: {config: [{subnet: 10.128.0.0/9}]}}}'],
    ['network-address', 'networks: [n]', 'networks: {n: {ipam: {driver: other}}}'],
    [
      'network-address',
      'networks: [n]',
      'networks: {n: {driver_opts: {com.docker.network.driver.overlay.other: "4097"}}}',
    ],
    ['too-many', 'deploy: {replicas: 101}'],
    ['too-many', 'tty: true', many('networks', 31)],
    ['too-many', 'tty: true', many('secrets', 151, '{external: true, name: "${STACK_NAME}_s_v1"}')],
    ['too-many', 'tty: true', many('configs', 151, '{file: compose.yml}')],
    ['too-many', 'tty: true', many('volumes', 151)],
    // L10
    ['raw-sockets', 'healthcheck: {test: ["CMD", "ping", "-c1", "db"]}'],
    ['raw-sockets', 'healthcheck: {test: "ping -c 1 db || exit 1"}'],
    ['raw-sockets', 'healthcheck: {test: ["CMD-SHELL", "test -f /x && /bin/ping6 -c 1 db"]}'],
    ['raw-sockets', 'command: ["sh", "-c", "until busybox ping -c1 db; do sleep 1; done"]'],
    ['raw-sockets', 'command: "timeout 5 tcpdump -i any"'],
    ['raw-sockets', 'entrypoint: ["/usr/bin/arping", "-U", "10.0.0.1"]'],
    ['host-port', 'ports: ["80:80"]'],
    ['host-port', 'ports: [{target: 53, published: 53, mode: host}]'],
  ]

  test.each(CASES)('%s: %s', async (code, service, rest = '') => {
    const image = service.startsWith('image:') ? '' : 'image: x'
    const compose = service.startsWith('{')
      ? `services:\n  app: {image: x, ${service.slice(1)}${service.endsWith('}') ? '' : '}'}\n${rest}\n`
      : `services:\n  app:\n    ${image}\n    ${service}\n${rest}\n`
    const { stack } = await resolved({ 'compose.yml': compose })
    const own = { domain: 'app.example.com' }
    expect(policyProblems(stack, 'app_example_com', own).map((problem) => problem.code)).toEqual([code])
    expect(policyProblems(stack, 'app_example_com', { ...own, allow: [code] })).toEqual([])
  })

  test.each([
    label('routers.x.service=noop@internal'),
    label('routers.x.rule=HostRegexp(`^.+\\.app\\.example\\.com$$`)'),
    label('routers.x.rule=Host(`app.example.com`) || HostRegexp(`{sub:[a-z]+}.app.example.com`)'),
    label('routers.x.rule=Host(`app.example.com`) && HostRegexp(`.+`)'),
    tcp('HostSNI(`*`)', 'ssh'),
    tcp('HostSNIRegexp(`^[a-z]+.app.example.com$$`)'),
    label('middlewares.x.forwardauth.address=http://app_example_com_auth:4181/verify'),
    label('middlewares.x.forwardauth.address=https://app.example.com/outpost/auth'),
    label('services.x.loadbalancer.server.url=http://app_example_com_app:80'),
    label('routers.x.rule=Host("app.example.co\\x6d")'),
    label('routers.x.rule=Host(`App.Example.COM.`)'),
    label('routers.x.rule=Host(`app.example.com`, `shop.example.org`)'),
    label('routers.x.middlewares=security@file,x,app_example_com-redirect@docker'),
    label('routers.x.tls.domains[0].sans=*.app.example.com'),
    label('routers.x.tls.options=default@file'),
    label('routers.x.priority=100'),
    label('middlewares.x.buffering.memRequestBodyBytes=2000000'),
    label('middlewares.x.buffering.maxRequestBodyBytes=10000000000'),
    label('middlewares.x.retry.attempts=4'),
    label('middlewares.x.basicauth.users=a:$$2y$$12$$aaaa,b:$$apr1$$aaaa$$bbbb'),
    label('middlewares.x.errors.service=app_example_com'),
    label('middlewares.x.headers.customrequestheaders.X-Forwarded-Proto=https'),
    label('router.x.rule=Host(`misspelt.elsewhere.net`)'),
    "deploy: {labels: ['traefik.frontend.rule=Host:x', 'traefik.constraint-label=proxy']}",
    "deploy: {labels: ['traefik.udp.routers.x.entrypoints=mumble-udp', 'traefik.udp.services.x.loadbalancer.server.port=64738']}",
    'hostname: mail.somewhere.coop',
    "hostname: '{{.Node.Hostname}}'",
    "hostname: 'app-{{ .Task.Slot }}'",
    '{networks: [proxy], hostname: mail.app.example.com}\nnetworks: {proxy: {external: true}}',
    '{networks: [proxy], hostname: mail.example.org}\nnetworks: {proxy: {external: true}}',
    "volumes: ['data:/d']\nvolumes: {data: {name: 'app_example_com_data-{{.Task.Slot}}'}}",
    label('services.x.loadbalancer.server.port=8080'),
    label('services.x.loadbalancer.server.port=web'),
    label('services.x.loadbalancer.server.scheme=HTTPS'),
    label('services.x.loadbalancer.healthcheck.interval=10'),
    label('services.x.loadbalancer.healthcheck.interval=1m30s'),
    label('routers.x.rule='),
    'ulimits: {nofile: {soft: 65536, hard: 65536}, memlock: -1, nice: 20, nproc: 65535}',
    'healthcheck: {test: [CMD, "true"], interval: 1s, start_interval: 500ms}',
    'healthcheck: {test: [CMD, "true"], interval: 0s}',
    'logging: {driver: json-file, options: {mode: non-blocking, max-buffer-size: 4m}}',
    'hostname: mail.example.com',
    'healthcheck: {test: ["CMD", "redis-cli", "ping"]}',
    'healthcheck: {test: "mysqladmin ping -h localhost || exit 1"}',
    'healthcheck: {test: ["CMD-SHELL", "redis-cli -a $$(cat /run/secrets/p) ping | grep PONG"]}',
    'healthcheck: {test: ["CMD", "wget", "-q", "-O-", "http://127.0.0.1/ping"]}',
    'command: ["sh", "-c", "traefik healthcheck --ping; ./ping.sh; exec pingora"]',
    'command: ["influx", "ping"]',
    'oom_score_adj: 500',
    'sysctls: {net.core.somaxconn: 1024}',
  ])('own: %s', async (service) => {
    const compose = service.startsWith('{')
      ? `services:\n  app: {image: x, ${service.slice(1)}\n`
      : `services:\n  app:\n    image: x\n    ${service}\n`
    const { stack } = await resolved({ 'compose.yml': compose })
    expect(policyProblems(stack, 'app_example_com', { domain: 'app.example.com' })).toEqual([])
  })

  test.each([
    label('routers.x.rule=Host(`app.example.com`)'),
    label('routers.x.middlewares=transport@file'),
    label('routers.app_example_com.middlewares=transport@file'),
    label('routers.app_example_com.service=gitea_example_org'),
    label('routers.gitea_example_org_app.priority=1'),
    label('router.app_example_com.rule=Host(`app.example.com`)'),
    "deploy: {labels: ['traefik.udp.routers.app_example_com.entrypoints=dns']}",
  ])("on an operator's own edge: %s", async (service) => {
    const { stack } = await resolved({ 'compose.yml': `services:\n  app:\n    image: x\n    ${service}\n` })
    const found = policyProblems(stack, 'app_example_com', { domain: 'app.example.com', strictHosts: true })
    expect(found.map(({ code }) => code)).toEqual(['foreign-route'])
  })

  test.each([
    label('routers.app_example_com-web.rule=Host(`app.example.com`)'),
    label('routers.app_example_com.middlewares=security@file,keycloak@file,app_example_com-redirect'),
    label('services.app-example-com-app.loadbalancer.server.port=80'),
  ])("fit for an operator's own edge: %s", async (service) => {
    const { stack } = await resolved({ 'compose.yml': `services:\n  app:\n    image: x\n    ${service}\n` })
    expect(policyProblems(stack, 'app_example_com', { domain: 'app.example.com', strictHosts: true })).toEqual([])
  })

  test.each(['', '-data', '_data'])('a volume and a network that are named after the stack: %j', async (end) => {
    const named = `{name: "\${STACK_NAME}${end}"}`
    const compose = `version: "3.8"\nservices: {app: {image: x}}\nvolumes: {v: ${named}}\nnetworks: {n: ${named}}\n`
    const { stack } = await resolved({ 'compose.yml': compose })
    expect(policyProblems(stack, 'app_example_com')).toEqual([])
  })

  test('more services than one recipe may have: at the first that is too many, unless the operator grants it', async () => {
    const services = Array.from({ length: 61 }, (_, i) => `  ${i === 0 ? 'app' : `s${i}`}:\n    image: x\n`)
    const { stack } = await resolved({ 'compose.yml': `services:\n${services.join('')}` })
    const found = policyProblems(stack, 'app_example_com')
    expect(found.map(({ code, message, path }) => [code, message, stack.place(path)?.line])).toEqual([
      ['too-many', 'the stack has 61 services; one recipe may have 60 (`policy.most.services`)', 122],
    ])
    expect(policyProblems(stack, 'app_example_com', { most: { services: 61 } })).toEqual([])
  })

  test('more ports than one recipe may have are told once, and which they are in a few words', async () => {
    const compose = 'services:\n  app:\n    image: x\n    ports: ["1000-1200"]\n'
    const { stack } = await resolved({ 'compose.yml': compose })
    const found = policyProblems(stack, 'app_example_com')
    expect(found.map(({ code }) => code).sort()).toEqual(['host-port', 'too-many'])
    expect(found.find(({ code }) => code === 'host-port')?.message).toMatch(
      /any free port to 1000\/tcp, .* and 196 more/,
    )
    expect(policyProblems(stack, 'app_example_com', { allow: ['host-port'], most: { ports: 201 } })).toEqual([])
  })

  test('options of a network that are its own affair', async () => {
    const own =
      '{driver_opts: {encrypted: "", com.docker.network.driver.mtu: "1400", mtu: "1400"}, ipam: {driver: default}, internal: true}'
    const { stack } = await resolved({
      'compose.yml': `services:\n  app:\n    image: x\n    networks: [n]\nnetworks: {n: ${own}}\n`,
    })
    expect(policyProblems(stack, 'app_example_com')).toEqual([])
  })

  test.each([
    ['keycloak.tests.our.coop', ['foreign-route']],
    ['tests.our.coop', ['foreign-route']],
    ['db.app.tests.our.coop', []],
    ['mail.our.coop', []],
  ])("a host name beside the app's domain is another app's: %s", async (hostname, codes) => {
    const { stack } = await resolved({
      'compose.yml': `services:\n  app:\n    image: x\n    hostname: ${hostname}\n`,
    })
    const found = policyProblems(stack, 'app_tests_our_coop', { domain: 'app.tests.our.coop' })
    expect(found.map(({ code }) => code)).toEqual(codes)
  })

  test('an entry point that a foreign edge may have is judged', async () => {
    const { stack } = await resolved({
      'compose.yml': `version: "3.8"\nservices:\n  app:\n    image: x\n    ${tcp('HostSNI(`*`)', 'ssh')}\n`,
    })
    const found = policyProblems(stack, 'app_example_com', { domain: 'app.example.com', strictHosts: true })
    expect(found.map(({ code }) => code)).toEqual(['foreign-route'])
  })

  test('the driver bridge is called what it is', async () => {
    const compose =
      'version: "3.8"\nservices:\n  app:\n    image: x\n    networks: [n]\nnetworks: {n: {driver: bridge}}\n'
    const { stack } = await resolved({ 'compose.yml': compose })
    const [problem] = policyProblems(stack, 'app_example_com')
    expect(problem?.message).toMatch(/^network n has the driver bridge, .* cannot join it\. Write driver: overlay/)
  })

  test.each([
    'routers.x.rule=Host(`app.example.com`)',
    'routers.x.rule=Host(`app.example.com`, `www.app.example.com`)',
    'routers.x.rule=Host(`app.example.com`) && (PathPrefix(`/a`) || PathPrefix(`/b`))',
    'routers.x.rule=(Host(`app.example.com`) || Host("www.app.example.com")) && !PathPrefix(`/internal`)',
    'routers.x.rule=Host(`nobody-has-this.example.org`)',
    'middlewares.x.redirectscheme.scheme=https',
  ])('allowed: %s', async (text) => {
    const { stack } = await resolved({
      'compose.yml': `version: "3.8"\nservices:\n  app:\n    image: x\n    ${label(text)}\n`,
    })
    expect(policyProblems(stack, 'app_example_com', { domain: 'app.example.com' })).toEqual([])
  })

  test('every code has a case', () => {
    expect([...new Set(CASES.map(([code]) => code))].sort()).toEqual(Object.keys(POLICY).sort())
  })
})
