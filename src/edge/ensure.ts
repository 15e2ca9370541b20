// cspell:ignore noexec nosuid nodev GOMEMLIMIT
import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { docker } from '../engine/docker-cli.ts'
import { mountedSocket } from '../engine/endpoint.ts'
import { inputTag } from '../images/definition.ts'
import { traefikImage } from '../images/traefik.ts'
import { waitFor } from '../lib/async/wait.ts'
import { ENTRY_POINTS } from '../lib/entry-points.ts'
import { InfraError } from '../lib/errors.ts'
import {
  EDGE_CONTAINER,
  EDGE_KEY,
  EDGE_LABELS,
  EDGE_PORTS,
  type EdgeAddress,
  edgeAddress,
  foreignEdge,
  inspectEdge,
  PROXY_NETWORK,
} from './address.ts'
import { apiSettings, queryApi } from './api.ts'
import { makeCertificate, type TestCertificate } from './certificate.ts'
import { freePorts, isTakenPort, PORT_RANGE } from './ports.ts'
import { REACH_HINT } from './reach.ts'
import { SHARED_HOSTS } from './shared-hosts.ts'

const ANSWER_DEADLINE_MS = 120_000
const START_TRIES = 4

/** What is wrong with the edge: `current` needs nothing, `foreign` is not ours to touch. */
export type EdgeState = 'current' | 'missing' | 'stopped' | 'outdated' | 'foreign'

/** Looks, changes nothing. With CC_CI_EDGE set the edge is somebody else's and `current`. */
export async function edgeState(): Promise<EdgeState> {
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
  const look = await edgeState()
  if (look === 'foreign') {
    throw new InfraError('edge-foreign', `a container called ${EDGE_CONTAINER} exists and was not made by cc-ci`, {
      hint: 'Rename or remove it.',
    })
  }
  if (look === 'outdated') await removeEdge()
  if (look !== 'current') await startEdge(look === 'stopped')
  const address = await edgeAddress()
  await answers(address)
  return address
}

/** Starts it, made again when there is none, or somebody else has taken its ports. */
async function startEdge(exists: boolean): Promise<void> {
  for (let left = START_TRIES; ; left -= 1) {
    if (!exists || left < START_TRIES) await createEdge()
    try {
      await docker(['start', EDGE_CONTAINER], { timeoutMs: 5 * 60_000 })
      return
    } catch (error) {
      if (left === 0 || !isTakenPort(error)) throw error
      await removeEdge()
    }
  }
}

/** Removes the edge if it is ours. True when it did. */
export async function removeEdge(): Promise<boolean> {
  const found = await inspectEdge()
  if (found?.labels[EDGE_LABELS.role] !== 'edge') return false
  await docker(['rm', '--force', '--volumes', EDGE_CONTAINER], { timeoutMs: 5 * 60_000 })
  return true
}

async function createEdge(): Promise<void> {
  const certificate = await makeCertificate()
  const key = randomBytes(32).toString('hex')
  const ports = await freePorts(Object.keys(EDGE_PORTS).length)
  const labels = {
    [EDGE_LABELS.role]: 'edge',
    [EDGE_LABELS.inputs]: edgeInputs(),
    [EDGE_LABELS.authority]: Buffer.from(certificate.ca).toString('base64'),
  }
  const given = (environment: string) => [
    'create',
    ...['--name', EDGE_CONTAINER, '--restart', 'always', ...WALLS],
    ...['--env-file', environment],
    ...Object.entries(labels).flatMap(([name, value]) => ['--label', `${name}=${value}`]),
    ...Object.values(EDGE_PORTS).flatMap((port, index) => ['--publish', `127.0.0.1:${ports[index]}:${port}`]),
    ...['--volume', `${mountedSocket()}:/var/run/docker.sock:ro`],
    inputTag(traefikImage()),
    ...traefikArguments(),
  ]
  await withSecretFile(`${EDGE_KEY}=${key}\n`, (environment) => docker(given(environment)))
  const aliases = Object.values(SHARED_HOSTS).flatMap((name) => ['--alias', name])
  await docker(['network', 'connect', ...aliases, PROXY_NETWORK, EDGE_CONTAINER])
  await copyIn(certificate, key)
}

/**
 * What the edge has to do without, as every app may talk to it and it holds the engine's socket. Its root is read-only but for a volume with its
 * certificate, which has to be there before it starts, and room for what middlewares set aside (`buffering`).
 */
const WALLS = [
  ...['--cap-drop', 'ALL', '--cap-add', 'NET_BIND_SERVICE', '--security-opt', 'no-new-privileges'],
  ...['--read-only', '--volume', '/edge', '--tmpfs', '/tmp:rw,noexec,nosuid,nodev,size=256m,mode=1777'],
  // Of its memory 100 MB are in use with some hundred routers; only a flood comes near the limit. Before, its garbage is collected more often; at the limit
  // the engine starts it again, at the same ports.
  ...['--memory', '1g', '--memory-swap', '1g', '--pids-limit', '1024', '--env', 'GOMEMLIMIT=900MiB'],
  ...['--log-driver', 'json-file', '--log-opt', 'max-size=10m', '--log-opt', 'max-file=2'],
] as const

/** Arguments of a program are there for every user of the machine to read; this file is its owner's, and gone with the program. */
function withSecretFile(text: string, use: (file: string) => Promise<unknown>): Promise<void> {
  return withFolder(async (folder) => {
    const file = join(folder, 'environment')
    await writeFile(file, text, { mode: 0o600 })
    await use(file)
  })
}

/** Keys live in the container alone, so that state folders may come and go. */
function copyIn(certificate: TestCertificate, apiKey: string): Promise<void> {
  return withFolder(async (folder) => {
    await writeFile(join(folder, 'leaf.pem'), certificate.certificate)
    await writeFile(join(folder, 'leaf.key'), certificate.key, { mode: 0o600 })
    await writeFile(join(folder, 'edge.yml'), TLS + apiSettings(apiKey), { mode: 0o600 })
    await docker(['cp', `${folder}/.`, `${EDGE_CONTAINER}:/edge`])
  })
}

async function withFolder(use: (folder: string) => Promise<unknown>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'cc-ci-edge-'))
  try {
    await use(folder)
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
    '--providers.file.filename=/edge/edge.yml',
    `--entryPoints.${ENTRY_POINTS.http}.address=:${EDGE_PORTS.http}`,
    `--entryPoints.${ENTRY_POINTS.https}.address=:${EDGE_PORTS.https}`,
    `--entryPoints.${ENTRY_POINTS.https}.http.tls=true`,
    `--entryPoints.${ENTRY_POINTS.api}.address=:${EDGE_PORTS.api}`,
    '--api=true',
    '--api.insecure=false',
    '--api.dashboard=false',
    '--global.checkNewVersion=false',
    '--global.sendAnonymousUsage=false',
  ]
}

/** The image, its arguments, names, settings and walls: another value means that the edge is to be replaced. */
function edgeInputs(): string {
  const inputs = [
    inputTag(traefikImage()),
    traefikArguments(),
    TLS + apiSettings(''),
    WALLS,
    EDGE_PORTS,
    PORT_RANGE,
    SHARED_HOSTS,
    mountedSocket(),
  ]
  return createHash('sha256').update(JSON.stringify(inputs)).digest('hex').slice(0, 12)
}

async function answers(edge: EdgeAddress): Promise<void> {
  if (edge.apiPort === null) return
  const result = await waitFor<true, never>(
    async () =>
      (await overview(edge)) ? { state: 'ready', value: true } : { state: 'waiting', reason: 'no answer yet' },
    { name: 'the edge to answer', timeoutMs: ANSWER_DEADLINE_MS, everyMs: 100 },
  )
  if (result.state === 'ready') return
  const words = await docker(['logs', '--tail', '8', EDGE_CONTAINER])
  throw new InfraError(
    'edge-silent',
    `the edge does not answer after ${ANSWER_DEADLINE_MS / 1000} s:\n${words.stdout}${words.stderr}`.trimEnd(),
    { hint: REACH_HINT },
  )
}

/** True when Traefik shows its overview; false while nothing listens, or it has not read its settings. */
async function overview(edge: EdgeAddress): Promise<boolean> {
  try {
    return await queryApi(edge, '/api/overview', () => true)
  } catch {
    // The wait has the deadline.
    return false
  }
}
