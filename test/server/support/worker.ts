import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startDaemon } from '../../../src/lib/process/daemon.ts'
import { inheritedEnv } from '../../../src/lib/process/exec.ts'
import { LAUNCHER } from '../../cli/cc-ci.ts'
import { send } from './gitea-process.ts'
import type { TestServer } from './server.ts'

export interface WorkerOptions {
  /** Where it reaches the server. Default: the server itself. */
  readonly url?: string
  /** More of the environment. */
  readonly env?: Readonly<Record<string, string>>
}

/** A real `cc-ci worker` of a server, with a state folder of its own. */
export class TestWorker {
  readonly #server: TestServer
  readonly #name: string
  readonly #options: WorkerOptions
  pid = 0

  constructor(server: TestServer, name: string, options: WorkerOptions = {}) {
    this.#server = server
    this.#name = name
    this.#options = options
  }

  get tokenFile(): string {
    return join(this.#server.dir, `${this.#name}.token`)
  }

  async register(): Promise<void> {
    const { token } = await this.#server.api<{ token: string }>('POST', '/workers', { name: this.#name })
    await writeFile(this.tokenFile, `${token}\n`, { mode: 0o600 })
  }

  async start(...args: readonly string[]): Promise<void> {
    const { dir } = this.#server
    const { url = this.#server.url, env } = this.#options
    this.pid = await startDaemon(
      LAUNCHER,
      ['worker', '--server', url, '--token-file', this.tokenFile, '--state', join(dir, this.#name), ...args],
      { logFile: join(dir, `${this.#name}.log`), env: { ...inheritedEnv(), NO_COLOR: '1', ...env } },
    )
  }

  kill(signal: NodeJS.Signals): void {
    send(this.pid, signal)
  }

  async ended(): Promise<void> {
    await this.#server.until('the worker to end', async () => !send(this.pid, 0), 120_000)
  }

  /** What it has said. */
  words(): Promise<string> {
    return readFile(join(this.#server.dir, `${this.#name}.log`), 'utf8')
  }

  /** Ends it in peace. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.pid === 0) return
    this.kill('SIGTERM')
    await this.ended()
  }
}
