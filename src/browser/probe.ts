import { z } from 'zod'
import { attachContainer } from '../engine/attach-container.ts'
import { type Engine, RUN_LABEL } from '../engine/client.ts'
import { EngineRefusal } from '../engine/connection.ts'
import { createContainer, startContainer } from '../engine/containers.ts'
import { machineKey, PersistentCache } from '../engine/persistent-cache.ts'
import { CHROMIUM } from '../images/browser.ts'
import { InfraError } from '../lib/errors.ts'
import { randomId } from '../lib/ids.ts'
import { confinedContainer } from './box.ts'

const shape = z.object({ version: z.string(), filtered: z.boolean(), ownSandbox: z.boolean() })

/** What a browser in a container of this image is on this engine. */
export interface BrowserKind extends z.infer<typeof shape> {
  /** The image, by the reference to start it by. */
  readonly image: string
  /** As it calls itself: `Chromium 156.0.1 ...`. */
  readonly version: string
  /** The engine takes our list of calls to the kernel; otherwise its own holds. */
  readonly filtered: boolean
  /** Chromium's own sandbox works within the container: kernel and engine let it make namespaces. */
  readonly ownSandbox: boolean
}

const DEADLINE_MS = 120_000
const SANDBOXED = 'cc-ci: sandboxed'
const SCRIPT = `${CHROMIUM} --version && ${CHROMIUM} --headless --disable-gpu --user-data-dir=/tmp/profile --dump-dom about:blank >/dev/null && echo '${SANDBOXED}'`

/**
 * Asks once, by starting Chromium with its sandbox in a container that is confined as a run's is, and remembers it in `cacheFile` until engine, boot or
 * image are others. Throws InfraError `browser-failed`.
 */
export async function browserKind(engine: Engine, image: string, cacheFile: string): Promise<BrowserKind> {
  const cache = new PersistentCache(cacheFile, shape)
  const key = `${await machineKey(engine)} ${image}`
  const found = cache.recall(key) ?? (await probe(engine, image))
  cache.remember(key, found)
  return { ...found, image }
}

async function probe(engine: Engine, image: string): Promise<z.infer<typeof shape>> {
  for (const filtered of [true, false]) {
    const said = await startOnce(engine, image, filtered)
    if (said === null) continue
    const { words, output } = said
    const [version = ''] = output.split('\n')
    if (version === '') throw failed(words)
    return { version: version.trim().slice(0, 100), filtered, ownSandbox: output.includes(SANDBOXED) }
  }
  throw failed('the engine does not start its container')
}

/** What Chromium said; null where the engine refuses the container. */
async function startOnce(
  engine: Engine,
  image: string,
  filtered: boolean,
): Promise<{ words: string; output: string } | null> {
  const confinement = confinedContainer(filtered)
  const body = {
    Image: image,
    Entrypoint: ['/usr/bin/tini', '--', '/bin/sh', '-c'],
    Cmd: [SCRIPT],
    Labels: { [RUN_LABEL]: 'probe', 'cc-ci.role': 'browser' },
    ...confinement,
    HostConfig: { ...confinement.HostConfig, AutoRemove: true },
  }
  const signal = AbortSignal.timeout(DEADLINE_MS)
  try {
    const id = await createContainer(engine.connection, `cc-ci-browser-probe-${randomId(8)}`, body)
    try {
      const { stream, words } = await attachContainer(engine.connection, id, signal)
      signal.addEventListener('abort', () => stream.destroy(), { once: true })
      await startContainer(engine.connection, id)
      let output = ''
      stream.on('data', (chunk: Buffer) => {
        output = (output + chunk.toString('utf8')).slice(0, 4096)
      })
      await new Promise((resolve) => stream.once('close', resolve))
      return { words: words(), output }
    } finally {
      await engine.objects.removeContainer(id)
    }
  } catch (error) {
    if (filtered && error instanceof EngineRefusal) return null
    throw error
  }
}

function failed(words: string): InfraError {
  return new InfraError('browser-failed', `the browser did not start: ${words.trim().split('\n').at(-1) ?? ''}`, {
    hint: "Run 'cc-ci doctor'; 'cc-ci engine up' builds its image.",
  })
}
