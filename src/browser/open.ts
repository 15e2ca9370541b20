import { mkdir } from 'node:fs/promises'
import { setTimeout as after } from 'node:timers/promises'
import type { BrowserContext, Browser as Chromium } from 'playwright-core'
import type { EdgeAddress } from '../edge/address.ts'
import { attachContainer } from '../engine/attach-container.ts'
import type { Engine } from '../engine/client.ts'
import { startContainer } from '../engine/containers.ts'
import { InfraError, messageOf } from '../lib/errors.ts'
import { createBox, MEMORY_MIB } from './box.ts'
import { BoxLink } from './link.ts'
import { browserName } from './names.ts'
import type { BrowserKind } from './probe.ts'
import { switchesOf } from './switches.ts'

const START_MS = 60_000

export interface BrowserOptions {
  readonly edge: EdgeAddress
  readonly kind: BrowserKind
  readonly runId: string
  /** Its container is called after it, so that it goes with all that begins so: the stack. */
  readonly prefix: string
  /** The only host name that resolves, with those below it; everything else does not exist for the pages. */
  readonly domain: string
  /** A folder of the run for what Playwright itself keeps: made here. Pages cannot write to it. */
  readonly folder: string
}

/** Why a browser cannot continue. */
interface BrowserLoss {
  /** The kernel ended it, or a page of it, because its memory was used up. */
  readonly memory: boolean
  readonly why: string
}

/** One browser for one run, in a container of its own. `close` removes that; Chromium also ends by itself when this process does. */
export interface Browser {
  /**
   * For one look: pages in it are those of somebody who has never been there. Without it an app could have later looks shown what the browser kept of an earlier one (files, cookies, windows
   * that it opened). Whoever asks closes it.
   */
  newContext(): Promise<BrowserContext>
  /** After an error of a page: what became of the browser, if that is why. From then on it is `lost`. Throws InfraError `engine-lost`. */
  loss(): Promise<BrowserLoss | null>
  /** Whoever asks next needs another one. */
  readonly lost: boolean
  close(): Promise<void>
}

/** Starts the browser; one that is left of the same name is removed. Throws InfraError `browser-failed`. */
export async function openBrowser(engine: Engine, options: BrowserOptions): Promise<Browser> {
  const name = browserName(options.prefix)
  await mkdir(options.folder, { recursive: true })
  await engine.objects.removeContainer(name)
  try {
    return await BoxedBrowser.start(engine, options, name)
  } catch (error) {
    // Why it did not start is what has to be told; what cannot be removed now goes with the run.
    await engine.objects.removeContainer(name).catch(() => undefined)
    if (error instanceof InfraError) throw error
    const [first = 'no reason given'] = messageOf(error).split('\n')
    throw new InfraError('browser-failed', `the browser did not start: ${first}`, {
      hint: "Run 'cc-ci doctor' to check the browser.",
      cause: error,
    })
  }
}

class BoxedBrowser implements Browser {
  readonly #chromium: Chromium
  readonly #engine: Engine
  readonly #name: string
  readonly #box: Box
  #lost = false

  private constructor(engine: Engine, name: string, box: Box, chromium: Chromium) {
    this.#engine = engine
    this.#name = name
    this.#box = box
    this.#chromium = chromium
  }

  static async start(engine: Engine, options: BrowserOptions, name: string): Promise<BoxedBrowser> {
    const { chromium } = await import('playwright-core')
    const box = await startBox(engine, options, name)
    const { link } = box
    try {
      await Promise.race([link.pipe.there, after(START_MS, undefined, { ref: false })])
      if (link.pipe.ended !== null) throw new Error(outputTail(box) || link.pipe.ended)
      const browser = await chromium.connectOverCDP(link.pipe, {
        artifactsDir: options.folder,
        isLocal: false,
        timeout: START_MS,
      })
      return new BoxedBrowser(engine, name, box, browser)
    } catch (error) {
      link.close()
      throw error
    }
  }

  newContext(): Promise<BrowserContext> {
    return this.#chromium.newContext({
      acceptDownloads: false,
      ignoreHTTPSErrors: true,
      viewport: { width: 1280, height: 800 },
      serviceWorkers: 'block',
    })
  }

  get lost(): boolean {
    return this.#lost || this.#box.link.pipe.ended !== null
  }

  async loss(): Promise<BrowserLoss | null> {
    const kills = await this.#memoryKills()
    const { ended } = this.#box.link.pipe
    this.#lost ||= kills > 0 || ended !== null
    if (kills > 0) return { memory: true, why: `the ${MEMORY_MIB} MiB that a run's browser may have were used up` }
    return ended === null ? null : { memory: false, why: outputTail(this.#box) || ended }
  }

  async close(): Promise<void> {
    this.#lost = true
    this.#box.link.close()
    await this.#engine.objects.removeContainer(this.#name)
  }

  async #memoryKills(): Promise<number> {
    const { state, oomKilled } = (await this.#engine.container(this.#name)) ?? { state: 'gone', oomKilled: false }
    if (state !== 'running') return Math.max(killsIn(this.#box.words()), oomKilled ? 1 : 0)
    const script = 'cat /sys/fs/cgroup/memory/memory.oom_control /sys/fs/cgroup/memory.events 2>/dev/null'
    const looked = await this.#engine.exec(this.#name, ['/bin/sh', '-c', script], { timeoutMs: 10_000 })
    return Number(/^oom_kill (\d+)$/m.exec(looked.stdout)?.[1] ?? 0)
  }
}

interface Box {
  readonly link: BoxLink
  words(): string
}

async function startBox(engine: Engine, options: BrowserOptions, name: string): Promise<Box> {
  const { edge, domain, runId, kind } = options
  const { image, filtered, ownSandbox } = kind
  const switches = switchesOf({ domain, edge, ownSandbox })
  const id = await createBox(engine, { name, runId, image, filtered, switches })
  const { stream, words } = await attachContainer(engine.connection, id, AbortSignal.timeout(START_MS))
  const link = new BoxLink(stream, edge)
  await startContainer(engine.connection, id)
  return { link, words }
}

const END = /^chromium ended: (.*); memory kills: (\d+)$/m

function killsIn(words: string): number {
  return Number(END.exec(words)?.[2] ?? 0)
}

/** How Chromium ended, and the last that it said of itself. */
function outputTail({ words }: Box): string {
  const said = words().trim()
  const how = END.exec(said)?.[1]
  const last = said.replace(END, '').trim().split('\n').at(-1)?.slice(0, 300)
  return [how && `Chromium ended with ${how}`, last].filter(Boolean).join(': ')
}
