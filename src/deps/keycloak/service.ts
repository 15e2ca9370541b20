import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { PROXY_NETWORK } from '../../edge/address.ts'
import { understand } from '../../engine/answer.ts'
import { type Engine, STACK_LABEL } from '../../engine/client.ts'
import { converge } from '../../engine/convergence/converge.ts'
import { removeStackOrThrow } from '../../engine/removal.ts'
import { hashOf } from '../../engine/spec-hash.ts'
import { ImageBuilder } from '../../images/builder.ts'
import { inputTag } from '../../images/definition.ts'
import { KEYCLOAK_BUILD_OPTIONS, keycloakImage } from '../../images/keycloak.ts'
import { fromEnvironment } from '../../lib/environment.ts'
import { InfraError } from '../../lib/errors.ts'
import type { Cause } from '../../verdict/causes.ts'
import type { ProviderHost } from '../provider.ts'
import { keycloakDomain } from './domain.ts'

/** Name of the one Keycloak of a machine, and of its stack. */
export const KEYCLOAK_SERVICE = 'ccci-keycloak'
export const ADMIN_USER = 'cc-ci'

const LABELS = { role: 'cc-ci.role', inputs: 'cc-ci.dep.inputs' } as const
const PASSWORD_VARIABLE = 'KC_BOOTSTRAP_ADMIN_PASSWORD'
const SECOND = 1_000_000_000
const MEMORY_BYTES = 1024 ** 3
/** The published image builds itself first, and may have to be pulled. */
const UP_DEADLINE_MS = 6 * 60_000
const REMOVAL_DEADLINE_MS = 60_000

/**
 * Brings the service up as it should be: made when it is missing, made again when it was made from other inputs or does not come up. The
 * caller holds the lock. Throws InfraError `dep-foreign`, `dep-not-up`.
 */
export async function ensureService(host: ProviderHost): Promise<void> {
  const { engine } = host
  const image = await imageFor(host)
  const wanted = specOf(host, image, randomBytes(24).toString('base64url'))
  const found = await engine.service(KEYCLOAK_SERVICE)
  if (found && found.labels[LABELS.role] !== 'dep') {
    throw new InfraError('dep-foreign', `a service called ${KEYCLOAK_SERVICE} exists and was not made by cc-ci`, {
      hint: 'Rename or remove it.',
    })
  }
  if (found?.labels[LABELS.inputs] === wanted.Labels[LABELS.inputs] && (await failureOf(host)) === null) return
  if (found) await removeService(engine)
  host.log('starting Keycloak, once for this machine')
  await engine.objects.createService(wanted)
  const failure = await failureOf(host)
  if (failure === null) return
  throw new InfraError('dep-not-up', ['Keycloak did not come up', failure.message, ...failure.lines].join('\n'), {
    hint: failure.hint,
  })
}

/** Removes the service if it is ours. True when it was there. */
export async function removeService(engine: Engine): Promise<boolean> {
  const found = await engine.service(KEYCLOAK_SERVICE)
  if (found?.labels[LABELS.role] !== 'dep') return false
  await removeStackOrThrow(engine, {
    stack: KEYCLOAK_SERVICE,
    runId: KEYCLOAK_SERVICE,
    timeoutMs: REMOVAL_DEADLINE_MS,
  })
  return true
}

/** Whether a task of it runs, which begins when it is healthy. */
export async function isUp(engine: Engine): Promise<boolean> {
  return (await engine.tasks(KEYCLOAK_SERVICE)).some(({ state }) => state === 'running')
}

/** The administrator's password, kept in the service's own spec and nowhere else; null when there is no service of ours. */
export async function adminPassword(engine: Engine): Promise<string | null> {
  const found = await engine.service(KEYCLOAK_SERVICE)
  if (found?.labels[LABELS.role] !== 'dep') return null
  const { ContainerSpec } = understand(found.taskTemplate, template.parse, `GET /services/${KEYCLOAK_SERVICE}`)
  const line = ContainerSpec.Env.find((variable) => variable.startsWith(`${PASSWORD_VARIABLE}=`))
  return line?.slice(PASSWORD_VARIABLE.length + 1) ?? null
}

const template = z.object({ ContainerSpec: z.object({ Env: z.array(z.string()) }) })

/** CC_CI_KEYCLOAK_IMAGE names an image to use as it is; else one is built here, and then it exists on this node alone. */
async function imageFor({
  engine,
  log,
}: ProviderHost): Promise<{ readonly ref: string; readonly node: string | null }> {
  const named = fromEnvironment('CC_CI_KEYCLOAK_IMAGE')
  if (named) return { ref: named, node: null }
  const definition = keycloakImage()
  await new ImageBuilder(log).ensure(definition)
  return { ref: inputTag(definition), node: (await engine.info()).nodeId }
}

async function failureOf({ engine, signal, log }: ProviderHost): Promise<Cause | null> {
  const up = await converge(engine, {
    stack: KEYCLOAK_SERVICE,
    expected: [{ service: KEYCLOAK_SERVICE }],
    timeoutMs: UP_DEADLINE_MS,
    signal,
    onWaiting: ({ reason }) => log(`waiting for Keycloak: ${reason}`),
  })
  return up.state === 'ready' ? null : up.cause
}

/** The second compiler of Java pays off after hours; without it a start takes half the processor time (26.7.3 on Java 17). */
const QUICK_START = '-XX:TieredStopAtLevel=1'

interface Spec {
  readonly Labels: Readonly<Record<string, string>>
}

function specOf(host: ProviderHost, image: Awaited<ReturnType<typeof imageFor>>, password: string): Spec {
  const domain = keycloakDomain(host.edge)
  const spec = {
    Name: KEYCLOAK_SERVICE,
    TaskTemplate: taskOf(image, domain),
    Mode: { Replicated: { Replicas: 1 } },
    EndpointSpec: { Mode: host.vips ? 'vip' : 'dnsrr' },
  }
  const labels = {
    [STACK_LABEL]: KEYCLOAK_SERVICE,
    [LABELS.role]: 'dep',
    'traefik.enable': 'true',
    [`traefik.http.services.${KEYCLOAK_SERVICE}.loadbalancer.server.port`]: '8080',
    [`traefik.http.routers.${KEYCLOAK_SERVICE}.rule`]: `Host(\`${domain}\`)`,
    [`traefik.http.routers.${KEYCLOAK_SERVICE}.entrypoints`]: 'web-secure',
    [`traefik.http.routers.${KEYCLOAK_SERVICE}.tls`]: 'true',
  }
  const inputs = hashOf([spec, labels])
  spec.TaskTemplate.ContainerSpec.Env.push(`${PASSWORD_VARIABLE}=${password}`)
  return { ...spec, Labels: { ...labels, [LABELS.inputs]: inputs } }
}

function taskOf({ ref, node }: Awaited<ReturnType<typeof imageFor>>, domain: string) {
  return {
    ContainerSpec: {
      Image: ref,
      Args: [
        'start',
        ...KEYCLOAK_BUILD_OPTIONS,
        `--hostname=https://${domain}`,
        '--http-enabled=true',
        '--proxy-headers=xforwarded',
      ],
      Env: [
        `KC_BOOTSTRAP_ADMIN_USERNAME=${ADMIN_USER}`,
        'JAVA_OPTS_KC_HEAP=-Xms128m -Xmx512m',
        `JAVA_OPTS_APPEND=${QUICK_START}`,
      ],
      Healthcheck: {
        Test: ['CMD', 'bash', '-c', READY],
        Interval: 3 * SECOND,
        Timeout: 5 * SECOND,
        Retries: 10,
        StartPeriod: 300 * SECOND,
      },
      Labels: { [STACK_LABEL]: KEYCLOAK_SERVICE },
      StopGracePeriod: 5 * SECOND,
      CapabilityDrop: ['NET_RAW'],
    },
    Networks: [{ Target: PROXY_NETWORK }],
    Resources: { Limits: { MemoryBytes: MEMORY_BYTES } },
    RestartPolicy: { Condition: 'any', Delay: 2 * SECOND },
    Placement: node ? { Constraints: [`node.id==${node}`] } : {},
    LogDriver: { Name: 'json-file', Options: { 'max-size': '10m', 'max-file': '2' } },
  }
}

/** Neither image has curl. The status of the answer counts: the body also tells of parts that are up while the whole is not. */
const READY = `exec 3<>/dev/tcp/127.0.0.1/9000 && printf 'GET /health/ready HTTP/1.0\\r\\n\\r\\n' >&3 && read -r _ code _ <&3 && [ "$code" = 200 ]`
