import { companion } from './changes.ts'
import type { TinyCompose, Tweak } from './tiny.ts'

/** What a recipe looks like around its fault. */
interface Shape {
  readonly about: string
  /** Applied to the whole document, after what the canary itself changes. */
  readonly around?: (compose: TinyCompose) => void
  /** What becomes of the script of the app. */
  readonly serve?: (script: string) => string
}

const IDLE = "trap 'exit 0' TERM; while true; do sleep 1; done"
const STORE =
  "mkdir -p /www; cat /proc/sys/kernel/random/uuid > /www/session; trap 'exit 0' TERM; busybox httpd -f -p 5432 -h /www & wait"
/** By the full name: `app` alone is, on the proxy's network, whichever stack's the engine names first. */
const RELAY = "trap 'exit 0' TERM; busybox nc -ll -p 8080 -e nc ${STACK_NAME}_app 8080 & wait"

/** No two recipes are built alike, and what is wrong with one must be found in each of them. */
export const SHAPES = {
  'own-layer': { about: 'One service that writes to the layer of its container.' },
  'writes-nothing': {
    about: 'One service with a read-only root; what it writes goes to a tmpfs and to its volume.',
    serve: (script) => script.replaceAll('/www', '/tmp/www'),
    around({ services }) {
      Object.assign(services.app, {
        read_only: true,
        // A Swarm takes no notice of the key `tmpfs`.
        volumes: [...services.app.volumes, { type: 'tmpfs', target: '/tmp' }],
      })
    },
  },
  database: {
    about: 'A database with a volume of its own beside the app.',
    around(compose) {
      const store = companion(compose, STORE, 'any')
      compose.services.store = {
        ...store,
        volumes: ['store:/var/lib/store'],
        deploy: { ...store.deploy, labels: { 'backupbot.backup': 'true' } },
      }
      compose.volumes.store = {}
    },
  },
  worker: {
    about: 'A worker beside the app that nobody reaches.',
    around(compose) {
      compose.services.queue = companion(compose, IDLE, 'any')
    },
  },
  front: {
    about: 'A web server of its own in front of the app, which is on no network that the proxy knows.',
    around(compose) {
      const front = companion(compose, RELAY, 'any')
      const { app } = compose.services
      const labels = Object.entries(app.deploy.labels)
      const isRoute = ([name]: readonly [string, string]) => name.startsWith('traefik.')
      app.deploy.labels = Object.fromEntries(labels.filter((label) => !isRoute(label)))
      app.networks = [...(app.networks ?? []).filter((network) => network !== 'proxy'), 'inner']
      compose.services.front = {
        ...front,
        networks: ['proxy', 'inner'],
        deploy: { ...front.deploy, labels: Object.fromEntries(labels.filter(isRoute)) },
      }
      compose.networks.inner = {}
    },
  },
  job: {
    about: 'A one-shot beside the app that does its work and ends.',
    around(compose) {
      compose.services.seed = companion(compose, 'echo seeded', 'none')
    },
  },
} as const satisfies Record<string, Shape>

export type ShapeId = keyof typeof SHAPES

const IDS = Object.keys(SHAPES) as ShapeId[]

/** The shape of a canary that names none: always the same for the same name. */
export function shapeOf(name: string): ShapeId {
  const sum = [...name].reduce((hash, letter) => (hash * 31 + letter.charCodeAt(0)) % 1_000_003, 7)
  return IDS[sum % IDS.length] ?? 'own-layer'
}

/** The release with this shape around it. */
export function shaped(tweak: Tweak, id: ShapeId): Tweak {
  const shape: Shape = SHAPES[id]
  return {
    ...tweak,
    ...(shape.serve ? { reshape: shape.serve } : {}),
    compose(compose) {
      tweak.compose?.(compose)
      shape.around?.(compose)
    },
  }
}
