import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { startDaemon } from '../../../src/lib/daemon.ts'
import { LAUNCHER } from '../../cli/cc-ci.ts'
import { send } from './gitea-process.ts'
import type { TestServer } from './server.ts'

/** A real `cc-ci worker` of a server, with a state folder of its own. */
export class TestWorker {
  readonly #server: TestServer
  readonly #name: string
  pid = 0

  constructor(server: TestServer, name: string) {
    this.#server = server
    this.#name = name
  }

  get tokenFile(): string {
    return join(this.#server.dir, `${this.#name}.token`)
  }

  async register(): Promise<void> {
    const { token } = await this.#server.api<{ token: string }>('POST', '/workers', { name: this.#name })
    await writeFile(this.tokenFile, `${token}\n`, { mode: 0o600 })
  }

  async start(...args: readonly string[]): Promise<void> {
    const { dir, url } = this.#server
    this.pid = await startDaemon(
      LAUNCHER,
      ['worker', '--server', url, '--token-file', this.tokenFile, '--state', join(dir, this.#name), ...args],
      { logFile: join(dir, `${this.#name}.log`), env: this.#server.env() },
    )
  }

  kill(signal: NodeJS.Signals): void {
    send(this.pid, signal)
  }

  async ended(): Promise<void> {
    await this.#server.until('the worker to end', async () => !send(this.pid, 0), 120_000)
  }
}
