import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { docker } from '../engine/docker-cli.ts'
import { inputTag } from '../images/definition.ts'
import { traefikImage } from '../images/traefik.ts'
import { ENTRY_POINTS } from '../lib/entry-points.ts'
import { InfraError } from '../lib/errors.ts'
import { waitFor } from '../lib/wait.ts'
import {
  EDGE_CONTAINER,
  EDGE_LABELS,
  EDGE_PORTS,
  type EdgeAddress,
  edgeAddress,
  foreignEdge,
  inspectEdge,
} from './address.ts'
import { makeCertificate, type TestCertificate } from './certificate.ts'
import { SHARED_HOSTS } from './shared-hosts.ts'

/** The overlay network on which Co-op Cloud apps meet their proxy. */
export const PROXY_NETWORK = 'proxy'

const ANSWER_DEADLINE_MS = 120_000

/** What is wrong with the edge: `current` needs nothing, `foreign` is not ours to touch. */
export type EdgeLook = 'current' | 'missing' | 'stopped' | 'outdated' | 'foreign'

/** Looks, changes nothing. With CC_CI_EDGE set the edge is somebody else's and `current`. */
export async function lookEdge(): Promise<EdgeLook> {
  if (foreignEdge()) return 'current'
  const found = await inspectEdge()
  if (!found) return 'missing'
  if (found.labels[EDGE_LABELS.role] !== 'edge') return 'foreign'
  if (found.labels[EDGE_LABELS.inputs] !== edgeInputs() || !found.networks.includes(PROXY_NETWORK)) return 'outdated'
  return found.running && found.ports.https > 0 ? 'current' : 'stopped'
}

/**
 * Makes the edge when there is none, starts or replaces it when it needs that, and waits until it answers. Needs the
 * Traefik image and the proxy network. Throws InfraError `edge-foreign` when the name is taken by something not ours.
 */
export async function ensureEdge(): Promise<EdgeAddress> {
  const look = await lookEdge()
  if (look === 'foreign') {
    throw new InfraError('edge-foreign', `a container called ${EDGE_CONTAINER} exists and was not made by cc-ci`, {
      hint: 'Rename or remove it.',
    })
  }
  if (look === 'outdated') await removeEdge()
  if (look === 'outdated' || look === 'missing') await createEdge()
  if (look !== 'current') await docker(['start', EDGE_CONTAINER], { deadlineMs: 5 * 60_000 })
  const address = await edgeAddress()
  await answers(address)
  return address
}

/** Removes the edge if it is ours. True when it did. */
export async function removeEdge(): Promise<boolean> {
  const found = await inspectEdge()
  if (found?.labels[EDGE_LABELS.role] !== 'edge') return false
  await docker(['rm', '--force', '--volumes', EDGE_CONTAINER], { deadlineMs: 5 * 60_000 })
  return true
}

async function createEdge(): Promise<void> {
  const certificate = await makeCertificate()
  const labels = {
    [EDGE_LABELS.role]: 'edge',
    [EDGE_LABELS.inputs]: edgeInputs(),
    [EDGE_LABELS.authority]: Buffer.from(certificate.ca).toString('base64'),
  }
  await docker([
    'create',
    ...['--name', EDGE_CONTAINER, '--restart', 'always', '--log-opt', 'max-size=10m'],
    ...Object.entries(labels).flatMap(([name, value]) => ['--label', `${name}=${value}`]),
    ...Object.values(EDGE_PORTS).flatMap((port) => ['--publish', `127.0.0.1::${port}`]),
    ...['--volume', `${engineSocket()}:/var/run/docker.sock:ro`],
    inputTag(traefikImage()),
    ...traefikArguments(),
  ])
  const aliases = Object.values(SHARED_HOSTS).flatMap((name) => ['--alias', name])
  await docker(['network', 'connect', ...aliases, PROXY_NETWORK, EDGE_CONTAINER])
  await copyIn(certificate)
}

/** The key lives in the container alone, so that state folders may come and go. */
async function copyIn(certificate: TestCertificate): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'cc-ci-edge-'))
  try {
    await writeFile(join(folder, 'leaf.pem'), certificate.certificate)
    await writeFile(join(folder, 'leaf.key'), certificate.key, { mode: 0o600 })
    await writeFile(join(folder, 'tls.yml'), TLS)
    await docker(['cp', `${folder}/.`, `${EDGE_CONTAINER}:/edge`])
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const TLS = `tls:
  stores:
    default:
      defaultCertificate: { certFile: /edge/leaf.pem, keyFile: /edge/leaf.key }
`

// Options of Traefik 3: https://doc.traefik.io/traefik/reference/install-configuration/
function traefikArguments(): string[] {
  return [
    '--providers.swarm=true',
    '--providers.swarm.exposedByDefault=false',
    `--providers.swarm.network=${PROXY_NETWORK}`,
    '--providers.swarm.refreshSeconds=1',
    '--providers.providersThrottleDuration=250ms',
    '--providers.file.filename=/edge/tls.yml',
    `--entryPoints.${ENTRY_POINTS.http}.address=:${EDGE_PORTS.http}`,
    `--entryPoints.${ENTRY_POINTS.https}.address=:${EDGE_PORTS.https}`,
    `--entryPoints.${ENTRY_POINTS.https}.http.tls=true`,
    `--entryPoints.${ENTRY_POINTS.api}.address=:${EDGE_PORTS.api}`,
    '--api.insecure=true',
    '--global.checkNewVersion=false',
    '--global.sendAnonymousUsage=false',
  ]
}

/** The image, its arguments, names and the certificate settings: another value means that the edge is to be replaced. */
function edgeInputs(): string {
  const inputs = [inputTag(traefikImage()), traefikArguments(), TLS, EDGE_PORTS, SHARED_HOSTS, engineSocket()]
  return createHash('sha256').update(JSON.stringify(inputs)).digest('hex').slice(0, 12)
}

function engineSocket(): string {
  const { DOCKER_HOST } = process.env
  return DOCKER_HOST?.startsWith('unix://') ? DOCKER_HOST.slice('unix://'.length) : '/var/run/docker.sock'
}

async function answers({ host, apiPort }: EdgeAddress): Promise<void> {
  if (apiPort === null) return
  const result = await waitFor<true, never>(
    async () =>
      (await apiStatus(host, apiPort)) === 200
        ? { state: 'ready', value: true }
        : { state: 'waiting', reason: 'no answer yet' },
    { name: 'the edge to answer', deadlineMs: ANSWER_DEADLINE_MS, everyMs: 100 },
  )
  if (result.state === 'ready') return
  const words = await docker(['logs', '--tail', '8', EDGE_CONTAINER])
  throw new InfraError(
    'edge-silent',
    `the edge does not answer after ${ANSWER_DEADLINE_MS / 1000} s:\n${words.stdout}${words.stderr}`.trimEnd(),
  )
}

/** Status of Traefik's own overview page; null while nothing listens. */
async function apiStatus(host: string, port: number): Promise<number | null> {
  try {
    const answer = await fetch(`http://${host}:${port}/api/overview`, { signal: AbortSignal.timeout(2000) })
    await answer.body?.cancel()
    return answer.status
  } catch {
    // Nothing listens yet; the wait has the deadline.
    return null
  }
}
