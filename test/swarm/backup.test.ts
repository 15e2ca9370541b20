import { expect, test } from 'vitest'
import { dumpCause, dumpReports } from '../../src/backup/dumps.ts'
import { backupPlan } from '../../src/backup/labels.ts'
import { checkDumps, coverageOf, restore, snapshot } from '../../src/backup/restic.ts'
import type { Toolbox } from '../../src/backup/toolbox.ts'
import { verifySnapshot } from '../../src/backup/verify.ts'
import type { WitnessContext } from '../../src/backup/witness/contract.ts'
import {
  compareAfterRestore,
  compareAfterUpgrade,
  destroyBeforeRestore,
  plantWitnesses,
  removeWitnesses,
} from '../../src/backup/witness/index.ts'
import { sqliteFingerprint } from '../../src/backup/witness/sqlite.ts'
import { docker, tryDocker } from '../../src/engine/docker-cli.ts'
import { evidenceProblem } from '../../src/verdict/evidence.ts'
import { type BareStack, bareStack, stackOf } from './support/bare-stack.ts'

function planOf(labels: Record<string, string>, volumes: string[]) {
  return backupPlan(stackOf({ app: { deploy: { labels: { 'backupbot.backup': 'true', ...labels } } } }, volumes))
}

function around(stack: BareStack, volumes: string[], labels: Record<string, string> = {}): WitnessContext {
  return {
    toolbox: stack.toolbox,
    stack: stack.name,
    plan: planOf(labels, volumes),
    model: stackOf({}, volumes),
    exec: async () => {
      throw new Error('no service here')
    },
  }
}

/** The same toolbox, whose programs may write no file larger than that. */
function bounded(toolbox: Toolbox, bytes: number): Toolbox {
  const under = (argv: readonly string[]) => ['sh', '-c', `ulimit -f ${bytes / 512} && exec "$@"`, 'bounded', ...argv]
  return {
    ...toolbox,
    run: (argv, options) => toolbox.run(under(argv), options),
    exec: (argv, options) => toolbox.exec(under(argv), options),
  }
}

/** Names and kinds that break careless tools, and links that lead out of the volume. */
const HOSTILE = `cd /volumes/data && mkdir -p sub/deep "$(printf 'dir\\nwith newline')" many && printf x > -rf && printf y > "it's \\"quoted\\"" \
&& printf z > "$(printf 'a\\nb')" && printf w > "$(printf 'tab\\there')" && printf u > ünïcode && printf '%b' 'v' > "$(printf '\\xff\\xfe')" \
&& printf '{"path":"/volumes/fake"}' > ',"type":"file","path":"' && ln -s /etc/passwd out && ln -s /restic away && ln -s missing dangling && mkfifo pipe \
&& printf secret > sub/deep/mine && chmod 600 sub/deep/mine && chown 999:1234 sub/deep/mine && touch -d '2020-01-02 03:04:05.123' sub/deep/mine`

test('a volume of odd names and 5,000 files is snapshot, counted and restored to the byte', async () => {
  await using stack = await bareStack('data')
  await stack.sh(HOSTILE)
  await stack.sh('cd /volumes/data/many && seq 5000 | split -l 1 -a 4 - f')
  const plan = planOf({}, ['data'])
  const before = await stack.listing('data')
  const outside = await stack.sh('sha256sum /etc/passwd')

  const taken = await snapshot(stack.toolbox, plan, { tag: stack.runId })
  const counted = Number(await stack.sh('find /volumes/data ! -type d -printf x | wc -c'))
  expect(taken.volumes).toMatchObject([{ volume: 'data', files: counted }])
  expect(counted).toBeGreaterThan(5000)
  const { evidence, cause } = await coverageOf(stack.toolbox, taken, plan)
  expect(cause).toBeUndefined()
  expect(evidenceProblem(evidence)).toBeNull()

  await stack.sh('cd /volumes/data && find . -mindepth 1 -delete && printf other > sub')
  await stack.sh('rm /volumes/data/sub')
  expect(await restore(stack.toolbox, taken)).toEqual({ files: counted })
  expect(await stack.listing('data')).toBe(before)
  expect(await stack.sh('sha256sum /etc/passwd')).toBe(outside)
})

test('links and special files are restored over what an app made in their place, and nothing goes through a link', async () => {
  await using stack = await bareStack('data')
  const marks =
    '; echo kept > plain; echo deep > sub/file; ln -s sub/file link; ln -s /etc "li<n>k & "more""; mkfifo pipe'
  await stack.sh(`cd /volumes/data && mkdir sub folder && echo in > folder/in${marks}; ln -s nowhere swapped`)
  const plan = planOf({}, ['data'])
  // Without the volume itself, whose time changes with what is removed below.
  const entries = async () =>
    Buffer.from(await stack.listing('data'), 'base64')
      .toString('latin1')
      .split('\0')
      .slice(1)
  const before = await entries()
  const taken = await snapshot(stack.toolbox, plan, { tag: stack.runId })

  const outside = await stack.sh('sha256sum /etc/passwd /etc/hostname')
  await stack.sh(`cd /volumes/data && find . -mindepth 1 -delete && mkdir sub && ln -s other link && ln -s /etc "li<n>k & "more"" && mkfifo pipe \
    && ln -s /etc/passwd plain && ln -s /etc/hostname sub/file && ln -s /etc folder && echo here > swapped && ln -s sub own`)
  await restore(stack.toolbox, taken, { verify: true })
  expect(await stack.sh('cd /volumes/data && readlink own && rm own')).toBe('sub\n')
  expect(await entries()).toEqual(before)
  expect(await stack.sh('sha256sum /etc/passwd /etc/hostname')).toBe(outside)
})

test('what lies behind a link out of the volume is not covered; a link within it is followed, and stays one', async () => {
  await using stack = await bareStack('data')
  await stack.sh(
    'cd /volumes/data && mkdir new && echo rows > new/db && ln -s new current && ln -s /etc out && ln -s ../.. up',
  )
  const paths = 'current/db,out/passwd,up/etc/hostname,missing'
  const plan = planOf({ 'backupbot.backup.volumes.data.path': paths }, ['data'])
  const taken = await snapshot(stack.toolbox, plan, { tag: stack.runId })
  const { evidence, cause } = await coverageOf(stack.toolbox, taken, plan)
  const note = 'leads out of the volume through a link'
  expect(evidence.paths).toEqual([
    { volume: 'data', path: 'current/db', covered: true, note: 'file, 5 bytes' },
    { volume: 'data', path: 'out/passwd', covered: false, note },
    { volume: 'data', path: 'up/etc/hostname', covered: false, note },
    { volume: 'data', path: 'missing', covered: false, note: 'not in the snapshot' },
  ])
  expect(cause).toMatchObject({
    code: 'backup-not-covered',
    lines: [`data: out/passwd: ${note}`, expect.any(String), expect.any(String)],
  })
  await stack.sh('echo other > /volumes/data/new/db')
  await restore(stack.toolbox, taken)
  expect(await stack.sh('cd /volumes/data && readlink current && cat new/db')).toBe('new\nrows\n')
})

test('witnesses leave a volume exactly as they found it', async () => {
  await using stack = await bareStack('data')
  await stack.sh(`${HOSTILE}; chown 70:70 /volumes/data; touch -d '2021-05-06 07:08:09.5' /volumes/data`)
  const before = await stack.listing('data')
  const here = around(stack, ['data'])
  const planted = await plantWitnesses(here)
  expect(await stack.sh('stat -c %u:%g /volumes/data/.cc-ci-witness-*')).toBe('70:70\n')
  const evidence = await compareAfterUpgrade(here, planted)
  expect(evidenceProblem(evidence)).toBeNull()
  expect(evidence).toMatchObject({
    witnesses: [
      { kind: 'file', result: 'kept' },
      { kind: 'manifest', result: 'kept' },
    ],
  })
  await removeWitnesses(here, planted)
  await removeWitnesses(here, planted)
  expect(await stack.listing('data')).toBe(before)
})

test('what is covered comes back, what the labels exclude is not asked for and not touched', async () => {
  await using stack = await bareStack('data', 'cache', 'parts')
  await stack.sh(
    'mkdir /volumes/parts/keep /volumes/parts/skip; echo a > /volumes/parts/keep/a; echo b > /volumes/data/b; echo c > /volumes/cache/c',
  )
  const labels = { 'backupbot.backup.volumes.cache': 'false', 'backupbot.backup.volumes.parts.path': 'keep' }
  const here = around(stack, ['data', 'cache', 'parts'], labels)
  const planted = await plantWitnesses(here)
  const taken = await snapshot(stack.toolbox, here.plan, { tag: stack.runId })
  expect((await coverageOf(stack.toolbox, taken, here.plan)).evidence.paths).toEqual([
    { volume: 'data', path: '.', covered: true },
    { volume: 'cache', path: '.', covered: false, note: 'excluded: backupbot.backup.volumes.cache=false on app' },
    { volume: 'parts', path: 'keep', covered: true },
  ])
  await destroyBeforeRestore(here, planted)
  expect(await stack.sh('ls -A /volumes/*/.cc-ci* /volumes/parts/keep')).not.toMatch(/data\/.cc-ci|keep\/\.cc-ci/)
  await stack.sh('echo changed > /volumes/cache/c; echo new > /volumes/parts/skip/new; rm /volumes/data/b')
  await restore(stack.toolbox, taken)
  const evidence = await compareAfterRestore(here, planted)
  expect(evidenceProblem(evidence)).toBeNull()
  const rows = 'witnesses' in evidence ? evidence.witnesses.filter(({ kind }) => kind === 'file') : []
  expect(Object.fromEntries(rows.map(({ subject, result }) => [subject, result]))).toEqual({
    'volume:cache': 'excluded',
    'volume:data': 'kept',
    'volume:parts': 'excluded',
    'volume:parts/keep': 'kept',
  })
  expect(rows.find(({ subject }) => subject === 'volume:data')).toMatchObject({ destroyed: 'gone' })
  expect(await stack.sh('cat /volumes/cache/c /volumes/parts/skip/new /volumes/data/b')).toBe('changed\nnew\nb\n')
  await removeWitnesses(here, planted)
  expect(await stack.sh('find /volumes -name ".cc-ci*"')).toBe('')
})

test('a volume that the new version no longer mounts is lost with all its files, unless labels call it worthless', async () => {
  await using stack = await bareStack('data', 'cache')
  const labels = { 'backupbot.backup.volumes.cache': 'false' }
  const mounts = ['data', 'cache'].map((source) => ({ type: 'volume' as const, source, target: `/${source}` }))
  const app = { volumes: mounts, deploy: { labels: { 'backupbot.backup': 'true', ...labels } } }
  const base = { ...around(stack, ['data', 'cache']), model: stackOf({ app }, ['data', 'cache']) }
  const planted = await plantWitnesses(base)
  const results = async (model: WitnessContext['model']) => {
    const evidence = await compareAfterUpgrade({ ...base, model }, planted)
    return 'witnesses' in evidence
      ? evidence.witnesses.flatMap(({ kind, result }) => (kind === 'file' ? [result] : []))
      : []
  }
  expect(await results(base.model)).toEqual(['kept', 'kept'])
  expect(await results(stackOf({ app: { volumes: [] } }, []))).toEqual(['changed', 'lost'])
  await removeWitnesses(base, planted)
})

test('a restore that brings nothing back is seen', async () => {
  await using stack = await bareStack('data')
  const here = around(stack, ['data'])
  const planted = await plantWitnesses(here)
  await destroyBeforeRestore(here, planted)
  const evidence = await compareAfterRestore(here, planted)
  expect(evidence).toMatchObject({ witnesses: [{ kind: 'file', result: 'lost', after: 'gone' }, {}] })
  await removeWitnesses(here, planted)
})

test('promised and not there: not covered, with the path', async () => {
  await using stack = await bareStack('data', 'db')
  await stack.sh('echo x > /volumes/data/x')
  const plan = planOf({ 'backupbot.backup.volumes.db.path': 'backup.sql' }, ['data', 'db', 'gone'])
  const { evidence, cause } = await coverageOf(stack.toolbox, await snapshot(stack.toolbox, plan, { tag: 'x' }), plan)
  expect(evidence.paths.filter(({ covered }) => !covered).map(({ volume, path }) => `${volume}/${path}`)).toEqual([
    'db/backup.sql',
    'gone/.',
  ])
  expect(cause).toMatchObject({ code: 'backup-not-covered', blame: 'recipe' })
  expect(cause?.lines.join()).toContain('backup.sql')
})

test('nothing of what was promised is there: a snapshot all the same, and the cause', async () => {
  await using stack = await bareStack('db')
  const plan = planOf({ 'backupbot.backup.volumes.db.path': 'backup.sql' }, ['db'])
  const taken = await snapshot(stack.toolbox, plan, { tag: 'x' })
  expect(taken.volumes).toEqual([{ volume: 'db', files: 0, bytes: 0 }])
  expect((await coverageOf(stack.toolbox, taken, plan)).cause?.code).toBe('backup-not-covered')
})

const PG_HEAD = '--\\n-- PostgreSQL database dump\\n--\\n'
const PG_END = '--\\n-- PostgreSQL database dump complete\\n--\\n'
const DUMPS = [
  ['empty.sql', ': > "$1"', 'the file is empty'],
  ['blanks.sql', 'printf "\\n \\n" > "$1"', 'the file holds nothing but blanks'],
  ['whole.sql', `printf -- '${PG_HEAD}CREATE;\\n${PG_END}' > "$1"`, null],
  ['cut.sql', `printf -- '${PG_HEAD}CREATE;\\n' > "$1"`, 'the SQL dump is cut off: its end mark is missing'],
  [
    'maria-cut.sql',
    `printf -- '-- MariaDB dump 10.19\\nINSERT' > "$1"`,
    'the SQL dump is cut off: its end mark is missing',
  ],
  ['maria.sql', `printf -- '-- MariaDB dump 10.19\\n-- Dump completed on' > "$1"`, null],
  ['whole.sql.gz', `printf -- '${PG_HEAD}x\\n${PG_END}' | gzip > "$1"`, null],
  ['nothing.sql.gz', 'gzip < /dev/null > "$1"', 'the compressed file holds nothing'],
  ['cut.sql.gz', 'seq 99999 | gzip | head -c 5000 > "$1"', 'gzip cannot read it to its end'],
  ['cut-inside.sql.gz', `printf -- '${PG_HEAD}x' | gzip > "$1"`, 'the SQL dump is cut off: its end mark is missing'],
  ['text.gz', 'echo hello > "$1"', 'the name says gzip, the content does not'],
  ['whole.tar', 'tar -cf "$1" /etc/hostname 2>/dev/null', null],
  [
    'cut.tar',
    'seq 99999 > /tmp/s; tar -cf - /tmp/s 2>/dev/null | head -c 20000 > "$1"',
    'tar cannot read it to its end',
  ],
  ['whole.db', 'sqlite3 "$1" "create table t(x); insert into t values(1)"', null],
  [
    'bad.db',
    'sqlite3 "$1" "create table t(x)"; printf junkjunk | dd of="$1" bs=1 seek=4096 conv=notrunc 2>/dev/null',
    'SQLite finds it damaged',
  ],
] as const

test('every kind of dump is told whole or broken by what the snapshot holds of it', async () => {
  await using stack = await bareStack('db')
  for (const [name, make] of DUMPS) await stack.sh(make, `/volumes/db/${name}`)
  const names = DUMPS.map(([name]) => name)
  const plan = planOf({ 'backupbot.backup.volumes.db.path': names.join(',') }, ['db'])
  const reports = await dumpReports(stack.toolbox, await snapshot(stack.toolbox, plan, { tag: 'x' }), plan)
  expect(reports.map(({ path, problem }) => [path, problem])).toEqual(DUMPS.map(([name, , problem]) => [name, problem]))
  expect(dumpCause(reports)).toMatchObject({
    code: 'backup-empty',
    blame: 'recipe',
    message: 'db: empty.sql: the file is empty (0 bytes)',
  })
  expect(dumpCause(reports.filter(({ problem }) => problem === null))).toBeUndefined()
})

test('what is too large to be unpacked is looked at where it lies: holes fill no disk', async () => {
  await using stack = await bareStack('db')
  await stack.sh(`cd /volumes/db; echo begin > large.sql; echo '-- PostgreSQL database dump' | tee cut.sql > whole.sql
    for name in holes large cut; do truncate -s 2049M "$name.sql"; done
    truncate -s 2148532187 whole.sql; echo '-- PostgreSQL database dump complete' >> whole.sql`)
  const plan = planOf({ 'backupbot.backup.volumes.db.path': 'holes.sql,large.sql,cut.sql,whole.sql' }, ['db'])
  const taken = await snapshot(stack.toolbox, plan, { tag: 'x' })
  // A file of more than this cannot be written in the toolbox.
  const toolbox = bounded(stack.toolbox, 1024 ** 3)
  const bytes = 2049 * 1024 ** 2
  const cut = { volume: 'db', path: 'cut.sql', kind: 'other', bytes }
  expect(await dumpReports(toolbox, taken, plan)).toEqual([
    { volume: 'db', path: 'holes.sql', kind: 'other', bytes, problem: 'the file holds nothing but blanks' },
    { volume: 'db', path: 'large.sql', kind: 'other', bytes, problem: null },
    { ...cut, problem: 'the SQL dump is cut off: its end mark is missing' },
    { ...cut, path: 'whole.sql', problem: null },
  ])
  const rule = { volume: 'db', path: 'large.sql' }
  expect(await verifySnapshot(toolbox, taken.id, [{ ...rule, minBytes: bytes, contains: 'begin' }])).toBeNull()
  expect(await verifySnapshot(toolbox, taken.id, [{ ...rule, contains: 'end' }])).toMatch(
    /^db: large\.sql does not contain "end" in its first \d+ bytes$/,
  )
})

test('an empty dump that a hook left in a wholly covered volume is found, an old file of that name is the app’s', async () => {
  await using stack = await bareStack('data')
  const hooked = planOf({ 'backupbot.backup.pre-hook': 'dump' }, ['data'])
  const nothing = await snapshot(stack.toolbox, hooked, { tag: 'x' })
  expect((await coverageOf(stack.toolbox, nothing, hooked)).cause).toBeUndefined()
  await stack.sh(
    'mkdir /volumes/data/seed; : > /volumes/data/seed/old.sql; touch -d 2020-01-01 /volumes/data/seed/old.sql',
  )
  expect((await coverageOf(stack.toolbox, nothing, hooked)).cause?.code).toBe('backup-empty')
  const look = async () => checkDumps(stack.toolbox, await snapshot(stack.toolbox, hooked, { tag: 'x' }), hooked)
  expect(await look()).toBeUndefined()
  await stack.sh(': > /volumes/data/seed/new.sql')
  expect((await look())?.lines).toEqual(['data: seed/new.sql: the file is empty (0 bytes)'])
})

test('SQLite in WAL mode is read whole though its main file holds nothing yet, and is not touched', async () => {
  await using stack = await bareStack('data')
  const app = `${stack.name}_app`
  stack.cleanup.register(app, async () => void (await tryDocker(['rm', '-f', app])))
  const sql = `PRAGMA journal_mode=WAL; PRAGMA wal_autocheckpoint=0; CREATE TABLE "odd ""name'"(id INTEGER, body TEXT); INSERT INTO "odd ""name'" VALUES (1,'a'),(2,'b');`
  await docker([
    'run',
    '-d',
    '--name',
    app,
    '-v',
    `${stack.name}_data:/data`,
    'cc-ci/toolbox:1',
    'sh',
    '-c',
    '{ printf "%s\\n" "$1"; sleep 600; } | sqlite3 /data/app.store',
    'x',
    sql,
  ])
  await stack.sh('for i in $(seq 100); do [ -s /volumes/data/app.store-wal ] && exit 0; sleep 0.1; done; exit 1')
  expect(Number(await stack.sh('stat -c %s /volumes/data/app.store'))).toBeLessThanOrEqual(4096)
  const before = await stack.listing('data')

  const print = await sqliteFingerprint(stack.toolbox, '/volumes/data/app.store')
  expect([...print.tables]).toEqual([[`odd "name'`, { rows: 2, columns: ['id INTEGER', 'body TEXT'] }]])
  const here = around(stack, ['data'])
  const planted = await plantWitnesses(here)
  const evidence = await compareAfterUpgrade(here, planted)
  expect(evidence).toMatchObject({
    witnesses: [{}, {}, { kind: 'sqlite', subject: 'volume:data/app.store', result: 'kept' }],
  })
  expect(JSON.stringify(evidence)).not.toContain('body')
  await removeWitnesses(here, planted)
  expect(await stack.listing('data')).toBe(before)
})

test('a closed toolbox leaves neither container nor repository', async () => {
  const stack = await bareStack('data')
  await stack.toolbox.close()
  await stack[Symbol.asyncDispose]()
  expect((await docker(['ps', '-aq', '--filter', `name=${stack.name}`])).stdout).toBe('')
  expect((await docker(['volume', 'ls', '-q', '--filter', `name=${stack.name}`])).stdout).toBe('')
})

test('the toolbox follows the volumes of its stack and keeps the repository', async () => {
  await using stack = await bareStack('data')
  await stack.sh('echo 1 > /volumes/data/x')
  const plan = planOf({}, ['data'])
  const taken = await snapshot(stack.toolbox, plan, { tag: 'x' })
  const late = `${stack.name}_late`
  await docker(['volume', 'create', '--label', `com.docker.stack.namespace=${stack.name}`, late])
  stack.cleanup.register(late, async () => {
    await stack.toolbox.close()
    await docker(['volume', 'rm', late])
  })
  await stack.toolbox.refresh()
  expect(stack.toolbox.volumes).toEqual(['data', 'late'])
  expect(await restore(stack.toolbox, taken)).toEqual({ files: 1 })
})
