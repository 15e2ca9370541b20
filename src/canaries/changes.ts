import type { TinyCompose, TinyService } from './tiny.ts'

/** What canaries change in the compose document of the tiny recipe. */
export type RecipeChange = (compose: TinyCompose) => void

/** Prints its last words and ends with 7. */
export const CRASH = `echo 'fatal: no such table: users' >&2\nexit 7`

/** Several changes in this order. */
export function all(...changes: readonly RecipeChange[]): RecipeChange {
  return (compose) => {
    for (const change of changes) change(compose)
  }
}

export function app(change: Partial<TinyService>): RecipeChange {
  return ({ services }) => void Object.assign(services.app, change)
}

export function deploy(change: Partial<TinyService['deploy']>): RecipeChange {
  return ({ services }) => void Object.assign(services.app.deploy, change)
}

export function onFailure(action: string): RecipeChange {
  return ({ services }) => {
    services.app.deploy.update_config.failure_action = action
  }
}

export function healthcheck(change: Record<string, unknown>): RecipeChange {
  return ({ services }) => {
    services.app.healthcheck = { ...services.app.healthcheck, ...change }
  }
}

export function label(key: string, value: string): RecipeChange {
  return ({ services }) => {
    services.app.deploy.labels[key] = value
  }
}

export function backup(labels: Readonly<Record<string, string>>): RecipeChange {
  return ({ services }) => {
    for (const [key, value] of Object.entries(labels)) services.app.deploy.labels[`backupbot.${key}`] = value
  }
}

/** Takes every label away whose name begins like this. */
export function unlabel(prefix: string): RecipeChange {
  return ({ services }) => {
    const { deploy } = services.app
    deploy.labels = Object.fromEntries(Object.entries(deploy.labels).filter(([key]) => !key.startsWith(prefix)))
  }
}

/** A second service that runs once. */
export function oneShot(script: string, condition = 'none'): RecipeChange {
  return (compose) => {
    compose.services.migrate = companion(compose, script, condition)
  }
}

/** A second service that does nothing forever. */
export function worker(compose: TinyCompose): void {
  compose.services.worker = companion(compose, "trap 'exit 0' TERM; while true; do sleep 1; done", 'any')
}

/** A second service with a route below `/admin`; `serve` is what its shell runs. */
export function secondRoute(serve: string): RecipeChange {
  return (compose) => {
    const second = companion(compose, serve, 'any')
    const router = 'traefik.http.routers.${STACK_NAME}-admin'
    compose.services.admin = {
      ...second,
      deploy: {
        ...second.deploy,
        labels: {
          'traefik.enable': 'true',
          'traefik.http.services.${STACK_NAME}-admin.loadbalancer.server.port': '8080',
          [`${router}.rule`]: 'Host(`${DOMAIN}`) && PathPrefix(`/admin`)',
          [`${router}.entrypoints`]: 'web-secure',
          [`${router}.tls`]: 'true',
        },
      },
    }
  }
}

/** The same service at a host of its own besides. */
export const secondHost: RecipeChange = all(
  label('traefik.http.routers.${STACK_NAME}.service', '${STACK_NAME}'),
  label('traefik.http.routers.${STACK_NAME}-www.service', '${STACK_NAME}'),
  label('traefik.http.routers.${STACK_NAME}-www.rule', 'Host(`www.${DOMAIN}`)'),
  label('traefik.http.routers.${STACK_NAME}-www.entrypoints', 'web-secure'),
)

/** One TCP port of the app on the host; `target` is where the app would have to listen. */
export function publishedPort(published: number, target = 8080): RecipeChange {
  return app({ ports: [{ target, published, protocol: 'tcp', mode: 'host' }] })
}

/** A second service of the same image, without routes or health check. */
export function companion({ services }: TinyCompose, script: string, condition: string) {
  const { image, deploy } = services.app
  return {
    image,
    entrypoint: ['/bin/sh', '-c', script],
    networks: ['proxy'],
    healthcheck: { disable: true },
    deploy: { update_config: deploy.update_config, restart_policy: { condition }, labels: {} },
  } satisfies Partial<TinyService>
}

/** The settings file of a canary. Only one whose subject is a setting has any. */
export function settings(lines: string): Readonly<Record<string, string>> {
  return { 'cc-ci/cc-ci.yml': lines }
}
