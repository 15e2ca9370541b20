import { describe, expect, test } from 'vitest'
import { backupPlan } from '../../src/backup/labels.ts'
import { filesOpenIn, lossOf } from '../../src/backup/loss.ts'
import type { ComposeService, ResolvedStack } from '../../src/recipe/model.ts'

const mount = (source: string, target: string) => ({ type: 'volume' as const, source, target })
const ON = { 'backupbot.backup': 'true' }
const HOOK = { 'backupbot.restore.post-hook': 'load' }

/** An app with files and a cache beside a MariaDB; `labels` by service. */
function stack(labels: Record<string, Record<string, string>>, volumes = ['files', 'cache', 'db']): ResolvedStack {
  const services: Record<string, ComposeService> = {
    app: {
      image: 'shop:1',
      volumes: [mount('files', '/files'), mount('cache', '/cache')],
      deploy: { labels: { ...labels.app } },
    },
    db: { image: 'mariadb:11', volumes: [mount('db', '/var/lib/mysql')], deploy: { labels: { ...labels.db } } },
  }
  const model = { services, networks: {}, secrets: {}, configs: {} }
  return {
    model: { ...model, volumes: Object.fromEntries(volumes.map((name) => [name, {}])) },
    files: [],
    findings: [],
    place: () => undefined,
  }
}

describe('what is lost with the machine', () => {
  test.each([
    ['no label at all: nothing', {}, [], []],
    ['everything that is covered', { app: ON }, ['files', 'cache', 'db'], []],
    [
      'an excluded volume is spared',
      { app: { ...ON, 'backupbot.backup.volumes.cache': 'false' } },
      ['files', 'db'],
      ['cache'],
    ],
    [
      'a volume of which a path is covered, whole',
      { app: ON, db: { ...HOOK, 'backupbot.backup.volumes.db.path': 'backup.sql' } },
      ['files', 'cache', 'db'],
      [],
    ],
    [
      'the data of a server whose hook is to bring it back, wherever the dump lies',
      { app: ON, db: { ...HOOK, 'backupbot.backup.volumes.db': 'false' } },
      ['files', 'cache', 'db'],
      [],
    ],
    [
      'an excluded server without such a hook is spared',
      {
        app: { ...ON, ...HOOK, 'backupbot.backup.volumes.cache': 'false' },
        db: { 'backupbot.backup.volumes.db': 'false' },
      },
      ['files'],
      ['cache', 'db'],
    ],
  ] as [string, Parameters<typeof stack>[0], string[], string[]][])('%s', (_, labels, emptied, spared) => {
    const model = stack(labels)
    const loss = lossOf(backupPlan(model), model, ['files', 'cache', 'db', 'of-the-base'])
    expect(loss.emptied).toEqual(emptied)
    expect(loss.spared.map(({ volume }) => volume)).toEqual(spared)
  })

  test('a volume that is not to be seen is not touched', () => {
    const model = stack({ app: ON })
    expect(lossOf(backupPlan(model), model, ['files'])).toEqual({ emptied: ['files'], spared: [] })
  })
})

describe('what has the files open that are put back', () => {
  test.each([
    ['whatever mounts a covered volume', { app: ON }, ['app', 'db']],
    [
      'not a server whose hook loads a dump',
      { app: ON, db: { ...HOOK, 'backupbot.backup.volumes.db.path': 'backup.sql' } },
      ['app'],
    ],
    ['a server with a hook whose own files are put back', { app: ON, db: HOOK }, ['app', 'db']],
    [
      'not what mounts only what no backup holds',
      { app: { ...ON, 'backupbot.backup.volumes.files': 'false', 'backupbot.backup.volumes.cache': 'false' } },
      ['db'],
    ],
  ] as [string, Parameters<typeof stack>[0], string[]][])('%s', (_, labels, services) => {
    const model = stack(labels)
    expect(filesOpenIn(backupPlan(model), model)).toEqual(services)
  })
})
