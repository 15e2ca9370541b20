import type { Engine } from '../engine/client.ts'
import { type LiveExec, startLiveExec } from '../engine/live-exec.ts'
import { SANDBOX_USERS } from '../images/browser.ts'
import { InfraError } from '../lib/errors.ts'
import { INSIDE, type RpcHandlers } from './contract.ts'
import { Lines } from './lines.ts'
import { Requests } from './requests.ts'

const READY_DEADLINE_MS = 30_000
const CLOSE_DEADLINE_MS = 15_000
/** A request of 1 MiB and the number of its connection. */
const MAX_LINE_BYTES = 1024 * 1024 + 100

/** What the bridge saw when the last program's connections were ended. */
export interface SettledPrograms {
  /** Processes of programs that still run. */
  readonly survivors: number
  /** How often the kernel has killed for lack of memory since the sandbox began; -1 when it does not say. */
  readonly memoryKills: number
}

/**
 * The harness's end of the bridge. Between `begin` and `settle` lines from inside are requests of the one program that runs; at any other time
 * they are dropped.
 */
export class BridgeLink {
  readonly #exec: LiveExec
  readonly #heard: { control: (words: readonly string[]) => void }
  #requests: Requests | null = null

  private constructor(exec: LiveExec, heard: { control: (words: readonly string[]) => void }) {
    this.#exec = exec
    this.#heard = heard
  }

  /** Starts the bridge in the container. Throws InfraError `sandbox-lost` with its last words when it does not come up. */
  static async open(engine: Engine, container: string, signal: AbortSignal): Promise<BridgeLink> {
    let link: BridgeLink | undefined
    let words = ''
    const heard = { control: (_: readonly string[]) => {} }
    const ready = new Promise<void>((resolve) => {
      heard.control = ([word]) => void (word === 'ready' && resolve())
    })
    const lines = new Lines(
      MAX_LINE_BYTES,
      (line) => {
        const [to, rest] = cut(line)
        if (to === '!') heard.control(rest.split(' '))
        else if (link) link.#take(to, rest)
      },
      () => exec.close(),
    )
    const exec = await startLiveExec(engine.connection, container, ['node', `${INSIDE.runtime}/src/inside/bridge.ts`], {
      user: String(SANDBOX_USERS.bridge),
      env: { HOME: '/nonexistent' },
      input: true,
      signal,
      onBytes(stream, bytes) {
        if (stream === 'stdout') lines.push(bytes)
        else words = (words + bytes.toString()).slice(-2000)
      },
    })
    link = new BridgeLink(exec, heard)
    await link.#orLost(ready, READY_DEADLINE_MS, () => words.trim(), signal)
    return link
  }

  /** Resolves when the bridge is gone; never rejects. */
  get gone(): Promise<void> {
    return this.#exec.over
  }

  begin(handlers: RpcHandlers): void {
    this.#requests = new Requests(handlers, (connection, line) => this.#exec.write(`${connection} ${line}\n`))
    this.#exec.write('! open\n')
  }

  /** Ends the requests of the program. Throws InfraError `sandbox-lost`. */
  async settle(): Promise<SettledPrograms> {
    this.#requests?.end()
    this.#requests = null
    const closed = new Promise<SettledPrograms>((resolve) => {
      this.#heard.control = ([word, survivors, memoryKills]) => {
        if (word === 'closed') resolve({ survivors: Number(survivors), memoryKills: Number(memoryKills) })
      }
    })
    this.#exec.write('! close\n')
    return this.#orLost(closed, CLOSE_DEADLINE_MS, () => 'it does not answer')
  }

  close(): void {
    this.#exec.close()
  }

  #take(connection: string, line: string): void {
    void this.#requests?.take(connection, line)
  }

  async #orLost<T>(wanted: Promise<T>, timeoutMs: number, why: () => string, signal?: AbortSignal): Promise<T> {
    const late = AbortSignal.timeout(timeoutMs)
    const over = signal ? AbortSignal.any([signal, late]) : late
    const ended = new Promise<never>((_, reject) => {
      const lost = () => reject(signal?.aborted ? signal.reason : sandboxLost(`its bridge is gone: ${why()}`))
      if (over.aborted) lost()
      over.addEventListener('abort', lost, { once: true })
      void this.#exec.over.then(lost)
    })
    return Promise.race([wanted, ended])
  }
}

export function sandboxLost(why: string, cause?: unknown): InfraError {
  return new InfraError('sandbox-lost', `the sandbox of the run is lost: ${why}`, {
    hint: 'Look for memory pressure on the machine, and whether somebody removed the container.',
    cause,
  })
}

function cut(line: string): [string, string] {
  const space = line.indexOf(' ')
  return [line.slice(0, space), line.slice(space + 1)]
}
