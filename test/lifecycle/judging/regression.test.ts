import { expect, it } from 'vitest'
import { type Loss, lossesOf, releaseSurface } from '../../../src/lifecycle/judging/regression.ts'
import { releaseOf } from '../releases.ts'

interface Service {
  readonly image?: string
  readonly labels?: readonly string[]
  readonly ports?: readonly string[]
  readonly volumes?: readonly string[]
}

/** A stack of these services with the volumes that they mount. */
async function stack(services: Readonly<Record<string, Service>>) {
  const mounts = Object.values(services).flatMap(({ volumes = [] }) =>
    volumes.map((mount) => mount.split(':')[0] ?? ''),
  )
  const document = {
    version: '3.8',
    services: Object.fromEntries(
      Object.entries(services).map(([name, { image = 'nginx:1', labels = [], ports = [], volumes = [] }]) => [
        name,
        { image, ports, volumes, deploy: { labels } },
      ]),
    ),
    volumes: Object.fromEntries(mounts.map((name) => [name, {}])),
  }
  return releaseSurface(await releaseOf({ 'compose.yml': JSON.stringify(document), '.env.sample': 'DOMAIN=x\n' }))
}

const routed = (...rules: string[]) => [
  'traefik.enable=true',
  ...rules.map((rule, index) => `traefik.http.routers.r${index}.rule=${rule}`),
]
const MAIN = 'Host(`${DOMAIN}`)'
const BACKUP = 'backupbot.backup=true'

it.each<[what: string, base: Record<string, Service>, head: Record<string, Service>, lost: [Loss['kind'], string][]]>([
  ['the same', { app: { labels: routed(MAIN) } }, { app: { labels: routed(MAIN) } }, []],
  ['nothing in both', { app: {} }, { app: {} }, []],
  ['one host more', { app: { labels: routed(MAIN) } }, { app: { labels: routed(MAIN, 'Host(`a.b`)') } }, []],
  [
    'a second host',
    { app: { labels: routed(MAIN, 'Host(`www.${DOMAIN}`)') } },
    { app: { labels: routed(MAIN) } },
    [['route', 'route:www.DOMAIN/']],
  ],
  [
    'a second host of the same rule',
    { app: { labels: routed(`${MAIN} || Host(\`files.example.org\`)`) } },
    { app: { labels: routed(MAIN) } },
    [['route', 'route:files.example.org/']],
  ],
  [
    'a path that another router takes over',
    { app: { labels: routed(MAIN, `${MAIN} && PathPrefix(\`/admin\`)`) } },
    { app: { labels: routed(MAIN) } },
    [],
  ],
  [
    'all but a path',
    { app: { labels: routed(MAIN) } },
    { app: { labels: routed(`${MAIN} && PathPrefix(\`/admin\`)`) } },
    [['route', 'route:DOMAIN/']],
  ],
  [
    'the same place by a rule that cannot be read',
    { app: { labels: routed('Host(`a.b`)') } },
    { app: { labels: routed('Host(`a.b`) && Method(`GET`)') } },
    [],
  ],
  [
    'a rule that cannot be read',
    { app: { labels: routed(MAIN, 'HostRegexp(`.+`)') } },
    { app: { labels: routed(MAIN) } },
    [['rule', 'rule:HostRegexp(`.+`)']],
  ],
  ['all of HTTP', { app: { labels: routed(MAIN) } }, { app: {} }, [['http', 'http']]],
  [
    'all of HTTP, by a typo',
    { app: { labels: routed(MAIN) } },
    { app: { labels: ['traefik.enable=true', `traefik.http.router.r0.rule=${MAIN}`] } },
    [['http', 'http']],
  ],
  [
    'all of HTTP, turned off',
    { app: { labels: routed(MAIN) } },
    { app: { labels: [...routed(MAIN).slice(1), 'traefik.enable=false'] } },
    [['http', 'http']],
  ],
  [
    'ports',
    { app: { ports: ['8448:8448', '64738:64738/udp', '9000'] } },
    { app: { ports: ['8448:9999'] } },
    [['port', 'port:64738/udp']],
  ],
  ['another protocol', { app: { ports: ['53:53/udp'] } }, { app: { ports: ['53:53'] } }, [['port', 'port:53/udp']]],
  [
    'a port that another service publishes now',
    { app: { ports: ['8448:8448'] } },
    { app: {}, edge: { ports: ['8448:80'] } },
    [],
  ],
  [
    'the backup',
    { app: { labels: [BACKUP], volumes: ['data:/d'] } },
    { app: { volumes: ['data:/d'] } },
    [['backup', 'backup']],
  ],
  [
    'the backup with the data',
    { app: { labels: [BACKUP], volumes: ['data:/d'] } },
    { app: {} },
    [['volume', 'volume:data']],
  ],
  [
    'a part of the backup',
    { app: { labels: [BACKUP], volumes: ['data:/d', 'more:/m'] } },
    { app: { labels: [BACKUP, 'backupbot.backup.volumes.more=false'], volumes: ['data:/d', 'more:/m'] } },
    [['coverage', 'backup:more']],
  ],
  [
    'a path of the backup',
    { app: { labels: [BACKUP, 'backupbot.backup.volumes.data.path=a,b'], volumes: ['data:/d'] } },
    { app: { labels: [BACKUP, 'backupbot.backup.volumes.data.path=a'], volumes: ['data:/d'] } },
    [['coverage', 'backup:data']],
  ],
  [
    'a wider path',
    { app: { labels: [BACKUP, 'backupbot.backup.volumes.data.path=a/b'], volumes: ['data:/d'] } },
    { app: { labels: [BACKUP, 'backupbot.backup.volumes.data.path=a'], volumes: ['data:/d'] } },
    [],
  ],
  [
    'a database server with its volume',
    { app: {}, db: { image: 'postgres:15', volumes: ['pg:/var/lib/postgresql/data'] } },
    { app: {} },
    [
      ['database', 'database:db'],
      ['volume', 'volume:pg'],
    ],
  ],
])('%s', async (_, base, head, lost) => {
  expect(lossesOf(await stack(base), await stack(head)).map(({ kind, subject }) => [kind, subject])).toEqual(lost)
})

it('says for a person what is gone', async () => {
  const base = await stack({
    app: { labels: [...routed(MAIN, 'Host(`www.${DOMAIN}`)'), BACKUP], ports: ['8448:8448'], volumes: ['data:/d'] },
  })
  const head = await stack({ app: { labels: routed(MAIN), volumes: ['data:/d'] } })
  expect(lossesOf(base, head).map(({ message }) => message)).toEqual([
    'nothing leads to www.DOMAIN/ any more',
    'port 8448/tcp of app is not published any more',
    'data is not backed up any more: no service has the label backupbot.backup=true',
  ])
})
