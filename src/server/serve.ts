import { join } from 'node:path'
import type { Logger } from 'pino'
import type { Clock } from '../lib/async/clock.ts'
import { setSpawner } from '../lib/process/exec.ts'
import { ExecThread } from '../lib/process/exec-thread.ts'
import { formatDuration } from '../lib/text/duration.ts'
import { formatSize } from '../lib/text/size.ts'
import { approvedIn } from './approvals.ts'
import { createCommentReceiver } from './comments/receive.ts'
import type { Forge } from './contract/forge.ts'
import type { RunRequest } from './contract/request.ts'
import type { ServerSettings } from './contract/settings.ts'
import { writeBundle } from './forge/bundle.ts'
import { FORGES } from './forge/forges.ts'
import { tidyMirrors } from './forge/tidy-mirrors.ts'
import { createApp } from './http/app.ts'
import { listen } from './http/listen.ts'
import { createMetrics } from './http/metrics.ts'
import { addPages } from './http/pages/routes.ts'
import { superviseLoop } from './loop.ts'
import { createBaseMemory } from './memory/against-base.ts'
import { reconcileMirrors } from './mirrors/reconcile.ts'
import { serviceManager } from './notify.ts'
import { createOperations } from './operations.ts'
import { createPublisher } from './publishing/publisher.ts'
import { createReplies } from './publishing/replies.ts'
import { createRetention } from './retention.ts'
import { createDispatcher } from './runs/dispatcher.ts'
import { reapLeases } from './runs/lease-reaper.ts'
import { largestWorker } from './runs/worker-registry.ts'
import { serverMasker } from './secrets.ts'
import { openStore } from './storage/open.ts'
import { createSweeps } from './sweep/sweeps.ts'
import { runWorker } from './worker/worker.ts'

/** How long a stop waits for runs of the embedded worker before it gives them back. */
const DRAIN_MS = 10 * 60_000
const CLOSE_MS = 5_000
/** How often mirrors give disk back. */
const TIDY_MS = 3_600_000
/** How often mirrors are compared with upstream. */
const MIRRORS_MS = 15 * 60_000
const EMBEDDED = 'embedded'

export interface ServeOptions {
  readonly settings: ServerSettings
  readonly clock: Clock
  readonly log: Logger
  /** What starts cc-ci: a program and its first arguments. */
  readonly ccCi: readonly string[]
  /** Aborted: no new work; runs of the embedded worker end in peace. */
  readonly signal: AbortSignal
  /** Aborted: its runs are stopped and given back. */
  readonly release: AbortSignal
}

/** The whole server in one process, until the signal. Resolves when nothing of it continues any more. */
export async function serve(options: ServeOptions): Promise<void> {
  const { settings, clock, log, signal } = options
  await using _programs = programThread()
  await using store = closing(await openStore({ ...settings, clock, log }))
  for (const damage of store.damaged) log.warn({ ...damage }, 'a file that cannot be used is left out')
  const metrics = createMetrics(store, clock)
  const { forgeFetch } = metrics
  const forge = FORGES[settings.forgeKind].connect({
    baseUrl: settings.forgeUrl,
    token: settings.forgeToken,
    clock,
    fetch: forgeFetch,
  })
  const memory = createBaseMemory({ state: settings.state, clock, masker: serverMasker(settings) })
  memory.learn()
  const parts = { store, forge, settings, clock, log, memory }
  const publisher = createPublisher(parts)
  const replies = createReplies(parts)
  const largest = { largestWorker: () => largestWorker(store, clock) }
  const comments = createCommentReceiver({ ...parts, ...largest, publisher, replies })
  const operations = createOperations({ ...parts, ...largest, publisher })
  const sweeps = createSweeps({ ...parts, ...largest })
  const office = createDispatcher({
    ...{ store: metrics.timed(store), publisher, clock, log, state: settings.state },
    bundle: (request, file, stop) => bundle(forge, settings, request, file, stop),
    origin: (repository) => forge.cloneSource(repository).url,
    approvedIn: (origin) => approvedIn(settings.state, origin),
  })
  const { app, auth, stopWaiting, drain } = createApp({
    ...parts,
    comments,
    operations,
    sweeps,
    dispatch: office,
    metrics,
  })
  const retention = createRetention({ ...parts, ccCi: options.ccCi })
  metrics.runsBytes(() => retention.seen().disk?.bytes ?? null)
  addPages(app, { ...parts, operations, sweeps, retention }, auth)
  const server = await listen(app, settings)
  log.info(
    {
      url: settings.publicUrl,
      listens: `${settings.host}:${server.port}`,
      forge: settings.forgeUrl,
      database: store.kind,
    },
    'ready',
  )
  const manager = serviceManager(options)
  const stopLoops = new AbortController()
  const loops = [
    superviseLoop('publisher', (stop) => publisher.publish(stop), stopLoops.signal, options),
    superviseLoop('reaper', (stop) => reapLeases({ store, publisher, clock, log }, stop), stopLoops.signal, options),
    superviseLoop('poll', (stop) => pollOnce(stop), signal, options),
    superviseLoop('mirrors', (stop) => compareMirrors(stop), signal, options),
    superviseLoop('sweeps', (stop) => sweeps.round(stop), signal, options),
    superviseLoop('mirrors on disk', (stop) => keepMirrorsTidy(stop), signal, options),
    superviseLoop('retention', (stop) => retention.round(stop), signal, options),
    manager.keepTelling(stopLoops.signal),
  ]
  const working = embeddedWorker()
  await manager.notify('READY=1')
  await aborted(signal)
  log.info('stopping: runs of this machine end first')
  await manager.notify('STOPPING=1')
  await working
  stopWaiting()
  await server.close(CLOSE_MS)
  await drain()
  stopLoops.abort()
  await Promise.all(loops)
  log.info('stopped')

  async function keepMirrorsTidy(stop: AbortSignal): Promise<void> {
    const { mirrorsMaxBytes: maxBytes, state } = settings
    const isEnrolled = async (repository: string) => (await store.enrollmentOf(repository)) !== null
    const done = await tidyMirrors({
      mirrorDir: mirrorDir(state),
      isEnrolled,
      maxBytes,
      now: clock.now(),
      signal: stop,
    })
    if (done.packed.length + done.removed.length > 0) log.info(done, 'mirrors gave disk back')
    await clock.sleep(TIDY_MS, stop).catch(() => undefined)
  }

  async function pollOnce(stop: AbortSignal): Promise<void> {
    const found = await comments.poll(stop)
    if (found > 0) log.info({ found }, 'comments came by polling')
    await clock.sleep(settings.pollMs, stop).catch(() => undefined)
  }

  async function compareMirrors(stop: AbortSignal): Promise<void> {
    await reconcileMirrors({ ...parts, replies }, stop)
    await clock.sleep(MIRRORS_MS, stop).catch(() => undefined)
  }

  async function embeddedWorker(): Promise<void> {
    if (settings.workerMemoryBytes === 0) return
    log.info(
      { memory: formatSize(settings.workerMemoryBytes), deadline: formatDuration(settings.runDeadlineMs) },
      'runs continue in this machine too',
    )
    const work = () =>
      runWorker({
        ...{ dispatch: office.embedded(EMBEDDED), state: settings.state, memoryBytes: settings.workerMemoryBytes },
        ...{ ccCi: options.ccCi, clock, log, signal, release: options.release, drainMs: DRAIN_MS },
      })
    await superviseLoop('worker', work, signal, options)
  }
}

/** Starting a program holds up the thread that does it, which must not be the one that answers. */
function programThread(): AsyncDisposable {
  const thread = new ExecThread()
  setSpawner(thread.exec)
  return {
    async [Symbol.asyncDispose]() {
      setSpawner(null)
      await thread[Symbol.asyncDispose]()
    },
  }
}

async function bundle(
  forge: Forge,
  settings: ServerSettings,
  { repository, commit, pull, sweep }: RunRequest,
  file: string,
  signal: AbortSignal,
): Promise<void> {
  const baseRef = pull?.baseRef ?? sweep?.baseRef
  const number = pull?.number ?? sweep?.pull ?? null
  await writeBundle({
    ...{ source: forge.cloneSource(repository), repository, commit, file, signal },
    pullRef: number === null ? null : FORGES[settings.forgeKind].pullRef(number),
    mirrorDir: mirrorDir(settings.state),
    ...(baseRef ? { baseBranch: baseRef } : {}),
  })
}

/** From which bundles are made. */
function mirrorDir(state: string): string {
  return join(state, 'server', 'mirrors')
}

function closing<S extends { close(): Promise<void> }>(store: S): S & AsyncDisposable {
  return Object.assign(store, { [Symbol.asyncDispose]: () => store.close() })
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
