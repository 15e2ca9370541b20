import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { backupPlan } from '../../src/backup/labels.ts'
import type { ComposeMount, ResolvedStack } from '../../src/recipe/model.ts'

type Services = Record<string, { labels?: Record<string, string>; containerLabels?: unknown; mounts?: ComposeMount[] }>

function stack(services: Services, volumes: string[] = ['data', 'db-data']): ResolvedStack {
  return {
    model: {
      services: Object.fromEntries(
        Object.entries(services).map(([name, { labels, containerLabels, mounts }]) => [
          name,
          { deploy: { labels: labels ?? {} }, labels: containerLabels, volumes: mounts ?? [] },
        ]),
      ),
      networks: {},
      volumes: Object.fromEntries(volumes.map((name) => [name, {}])),
      secrets: {},
      configs: {},
    },
    files: ['compose.yml'],
    findings: [],
    place: (path) => ({ file: 'compose.yml', line: path.length }),
  }
}

const codes = (plan: ReturnType<typeof backupPlan>) => plan.findings.map(({ code }) => code)
const covered = (plan: ReturnType<typeof backupPlan>) =>
  Object.fromEntries(plan.volumes.map((volume) => [volume.volume, volume.covered]))

describe('whether a stack is backed up', () => {
  test.each(['true', 'True', '1', 'yes', 'on'])('backupbot.backup=%s turns it on', (value) => {
    expect(backupPlan(stack({ app: { labels: { 'backupbot.backup': value } } }))).toMatchObject({
      capable: true,
      findings: [],
    })
  })

  test.each(['false', '0', 'no', '', 'off'])('backupbot.backup=%s leaves it off, with the reason', (value) => {
    const plan = backupPlan(stack({ app: { labels: { 'backupbot.backup': value, 'backupbot.backup.pre-hook': 'x' } } }))
    expect(plan).toMatchObject({ capable: false, reason: `backupbot.backup is "${value}" on app`, hooks: [] })
    expect(plan.volumes.every((volume) => volume.covered.kind === 'none')).toBe(true)
  })

  test('no label: off', () => {
    expect(backupPlan(stack({ app: {} })).reason).toBe('no service has the label backupbot.backup=true')
  })

  test('a value that is neither is off and a finding with its place', () => {
    const plan = backupPlan(stack({ app: { labels: { 'backupbot.backup': 'maybe' } } }))
    expect(plan.capable).toBe(false)
    expect(plan.findings).toMatchObject([{ code: 'backup-label-value', where: 'compose.yml:5' }])
  })
})

describe('what is covered', () => {
  test('every volume, whole, unless a label of any service says otherwise', () => {
    const plan = backupPlan(
      stack({
        app: { labels: { 'backupbot.backup': 'true' } },
        db: { labels: { 'backupbot.backup.volumes.db-data.path': 'backup.sql, ./more//dumps/' } },
      }),
    )
    expect(covered(plan)).toEqual({
      data: { kind: 'all' },
      'db-data': { kind: 'paths', paths: ['backup.sql', 'more/dumps'] },
    })
    expect(plan.findings).toEqual([])
  })

  test('=false excludes, with the label as reason; =true does not', () => {
    const labels = {
      'backupbot.backup': 'true',
      'backupbot.backup.volumes.data': 'false',
      'backupbot.backup.volumes.db-data': 'true',
    }
    expect(covered(backupPlan(stack({ app: { labels } })))).toEqual({
      data: { kind: 'none', reason: 'backupbot.backup.volumes.data=false on app' },
      'db-data': { kind: 'all' },
    })
  })

  test('dots in the name of a volume, narrowed by a service that does not mount it', () => {
    const labels = { 'backupbot.backup': '1', 'backupbot.backup.volumes.db.data.path': 'dump.sql' }
    const plan = backupPlan(stack({ app: { labels } }, ['db.data', 'db', 'x.path', 'x']))
    expect(plan.findings).toEqual([])
    expect(covered(plan)).toMatchObject({ 'db.data': { kind: 'paths', paths: ['dump.sql'] }, db: { kind: 'all' } })
  })

  test('a label means one thing: what excludes the volume x.path says nothing about paths in the volume x', () => {
    const labels = { 'backupbot.backup': 'true', 'backupbot.backup.volumes.x.path': 'false' }
    const { x, 'x.path': other } = covered(backupPlan(stack({ app: { labels } }, ['x', 'x.path'])))
    expect([x?.kind, other?.kind]).toEqual(['all', 'none'])
  })

  test('external volumes are not the stack’s', () => {
    const base = stack({ app: { labels: { 'backupbot.backup': 'true' } } })
    const plan = backupPlan({
      ...base,
      model: { ...base.model, volumes: { ...base.model.volumes, shared: { external: true } } },
    })
    expect(Object.keys(covered(plan))).toEqual(['data', 'db-data'])
  })

  test('no path ever leaves its volume', () => {
    const part = fc.constantFrom('..', '.', '', 'a', 'b c', '-x', '...', 'ü')
    fc.assert(
      fc.property(fc.array(fc.array(part).map((parts) => parts.join('/'))), (paths) => {
        const labels = { 'backupbot.backup': 'true', 'backupbot.backup.volumes.data.path': paths.join(',') }
        const { data } = covered(backupPlan(stack({ app: { labels } })))
        if (data?.kind !== 'paths') return
        for (const path of data.paths) {
          expect(path.startsWith('/')).toBe(false)
          expect(path.split('/')).not.toContain('..')
          expect(path).not.toBe('')
        }
      }),
    )
  })
})

describe('findings', () => {
  const enabled = { 'backupbot.backup': 'true' }
  test.each([
    ['backupbot.backup.command', 'pg_dump', 'backup-label-unknown'],
    ['backupbot.backup.volumes.nothere', 'false', 'backup-volume-unknown'],
    ['backupbot.restore.volumes.nothere', 'false', 'backup-volume-unknown'],
    ['backupbot.backup.volumes.nothere.path', 'a', 'backup-volume-unknown'],
    ['backupbot.backup.volumes.data', 'nope', 'backup-label-value'],
    ['backupbot.backup.volumes.data.path', '/etc/passwd', 'backup-path-invalid'],
    ['backupbot.backup.volumes.data.path', 'ok,../../etc', 'backup-path-invalid'],
    ['backupbot.backup.path', '/srv/x', 'backup-labels-v1'],
  ])('%s=%s is %s', (key, value, code) => {
    expect(codes(backupPlan(stack({ app: { labels: { ...enabled, [key]: value } } })))).toEqual([code])
  })

  test('labels for a restore that a backup need not know are no findings, and change nothing', () => {
    const labels = { ...enabled, 'backupbot.restore': 'true', 'backupbot.restore.volumes.data': 'false' }
    const plan = backupPlan(stack({ app: { labels } }))
    expect(plan.findings).toEqual([])
    expect(covered(plan).data).toEqual({ kind: 'all' })
  })

  test('a misspelt volume beside the old path still speaks version 2', () => {
    const labels = { ...enabled, 'backupbot.backup.path': '/srv', 'backupbot.backup.volumes.dta': 'false' }
    const plan = backupPlan(stack({ app: { labels } }))
    expect(codes(plan)).toEqual(['backup-labels-v1', 'backup-volume-unknown'])
    expect(covered(plan).data).toEqual({ kind: 'all' })
  })

  test.each([[{ 'backupbot.backup': 'true' }], [['backupbot.backup=true']]])(
    'labels of the container do nothing: %j',
    (containerLabels) => {
      const plan = backupPlan(stack({ app: { containerLabels } }))
      expect(plan.capable).toBe(false)
      expect(codes(plan)).toEqual(['backup-label-misplaced'])
    },
  )

  test('a volume called like `x.path` is not taken for a path label', () => {
    const labels = { ...enabled, 'backupbot.backup.volumes.x.path': 'false' }
    expect(backupPlan(stack({ app: { labels } }, ['x.path']))).toMatchObject({
      findings: [],
      volumes: [{ covered: { kind: 'none' } }],
    })
  })
})

describe('hooks', () => {
  test('each service keeps its own, in the order of the file', () => {
    const plan = backupPlan(
      stack({
        app: { labels: { 'backupbot.backup': 'true', 'backupbot.restore.post-hook': 'occ on' } },
        db: { labels: { 'backupbot.backup.pre-hook': '/pg_backup.sh backup', 'backupbot.backup.post-hook': ' ' } },
      }),
    )
    expect(plan.hooks).toEqual([
      { service: 'app', phase: 'restore.post-hook', command: 'occ on' },
      { service: 'db', phase: 'backup.pre-hook', command: '/pg_backup.sh backup' },
    ])
  })
})

describe('version 1', () => {
  const mounts: ComposeMount[] = [
    { type: 'volume', source: 'data', target: '/srv' },
    { type: 'volume', source: 'db-data', target: '/srv/db/' },
    { type: 'bind', source: '/etc', target: '/srv/host' },
  ]
  const v1 = (path: string, more: Record<string, string> = {}) =>
    backupPlan(
      stack({ app: { labels: { 'backupbot.backup': 'true', 'backupbot.backup.path': path, ...more }, mounts } }),
    )

  test('container paths become paths of the volume with the longest target', () => {
    const plan = v1('/srv/db/dump.sql,/srv/db/more')
    expect(covered(plan)).toEqual({
      data: { kind: 'none', reason: 'no backupbot.backup.path lies in it' },
      'db-data': { kind: 'paths', paths: ['dump.sql', 'more'] },
    })
    expect(plan.unreachable).toEqual([])
  })

  test('the mount point itself is the whole volume', () => {
    expect(covered(v1('/srv/db')).data).toMatchObject({ kind: 'none' })
    expect(covered(v1('/srv/db'))['db-data']).toEqual({ kind: 'all' })
  })

  test.each(['/tmp/dump.sql', '/srv/host/x', '/srv/../etc', 'relative', '/srvx'])('%s lies in no volume', (path) => {
    expect(v1(path).unreachable).toEqual([`app:${path}`])
  })

  test('beside labels of version 2 the old path is only a finding', () => {
    const plan = v1('/srv/db/dump.sql', { 'backupbot.backup.volumes.data': 'false' })
    expect(covered(plan)['db-data']).toEqual({ kind: 'all' })
    expect(codes(plan)).toEqual(['backup-labels-v1'])
  })
})
