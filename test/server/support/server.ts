import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { waitFor } from '../../../src/lib/async/wait.ts'
import { startDaemon } from '../../../src/lib/process/daemon.ts'
import { exec, execOk, inheritedEnv } from '../../../src/lib/process/exec.ts'
import { LAUNCHER } from '../../cli/cc-ci.ts'
import type { Gitea } from './gitea.ts'
import { freePort, send } from './gitea-process.ts'

export interface ServerOptions {
  readonly gitea: Gitea
  /** Shares this one's state folder and secrets: a second server of the same installation. */
  readonly beside?: TestServer
  /** Where people, the forge and workers reach it: a balancer. Default: the server itself. */
  readonly publicUrl?: string
  /** Default: a free one. */
  readonly port?: number
  /** Default: the forge itself; a relay in front of it. */
  readonly forgeUrl?: string
  /** More of the environment: settings beside those that every server needs. */
  readonly env?: Readonly<Record<string, string>>
}

/** A real `cc-ci serve` on a free port of loopback with a state folder of its own. It dies with the test. */
export class TestServer {
  readonly url: string
  readonly dir: string
  readonly state: string
  readonly operatorToken: string
  readonly webhookSecret: string
  readonly #options: ServerOptions
  readonly #port: number
  pid = 0

  constructor(dir: string, port: number, options: ServerOptions) {
    this.dir = dir
    this.state = options.beside?.state ?? join(dir, 'state')
    this.operatorToken = options.beside?.operatorToken ?? randomBytes(24).toString('hex')
    this.webhookSecret = options.beside?.webhookSecret ?? randomBytes(16).toString('hex')
    this.#port = port
    this.url = `http://127.0.0.1:${port}`
    this.#options = options
  }

  get log(): string {
    return join(this.dir, 'serve.log')
  }

  env(): Record<string, string> {
    const { gitea, env, publicUrl = this.url, forgeUrl = gitea.url } = this.#options
    return {
      ...inheritedEnv(),
      NO_COLOR: '1',
      CC_CI_STATE: this.state,
      CC_CI_FORGE_URL: forgeUrl,
      CC_CI_FORGE_TOKEN: gitea.people.bot.token,
      CC_CI_WEBHOOK_SECRET: this.webhookSecret,
      CC_CI_OPERATOR_TOKEN: this.operatorToken,
      CC_CI_PUBLIC_URL: publicUrl,
      CC_CI_PORT: String(this.#port),
      CC_CI_POLL: '2s',
      ...env,
    }
  }

  async start(): Promise<void> {
    this.pid = await startDaemon(LAUNCHER, ['serve'], { logFile: this.log, env: this.env() })
    await this.until('the server to be ready', async () => {
      if (!send(this.pid, 0)) throw new Error(`the server ended:\n${await this.words()}`)
      return fetch(`${this.url}/readyz`).then(
        (answer) => answer.ok,
        () => false,
      )
    })
  }

  /** What it has said, its end. */
  async words(): Promise<string> {
    return (await readFile(this.log, 'utf8').catch(() => '')).slice(-4000)
  }

  kill(signal: NodeJS.Signals): void {
    send(this.pid, signal)
  }

  async ended(): Promise<void> {
    await this.until('the server to end', async () => !send(this.pid, 0))
  }

  /** Any command of cc-ci as its operator. */
  command(...args: readonly string[]) {
    return exec(LAUNCHER, args, { timeoutMs: 60_000, env: this.env(), cwd: this.dir })
  }

  async api<T>(method: string, path: string, body?: unknown): Promise<T> {
    const answer = await fetch(`${this.url}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${this.operatorToken}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`)
    return (text ? JSON.parse(text) : null) as T
  }

  /** Looks until it is so; says what the server said when it never was. */
  async until(name: string, look: () => Promise<boolean>, timeoutMs = 180_000): Promise<void> {
    const seen = await waitFor<null, never>(
      async () => ((await look()) ? { state: 'ready', value: null } : { state: 'waiting', reason: 'not yet' }),
      { name, timeoutMs, everyMs: 20 },
    )
    if (seen.state !== 'ready')
      throw new Error(`waited ${timeoutMs} ms for ${name}; the server:\n${await this.words()}`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.pid > 0) {
      this.kill('SIGTERM')
      await this.ended()
    }
    await rm(this.dir, { recursive: true, force: true })
  }
}

export async function startServer(options: ServerOptions): Promise<TestServer> {
  const dir = await mkdtemp(join(tmpdir(), 'cc-ci-serve-'))
  const server = new TestServer(dir, options.port ?? (await freePort()), options)
  try {
    await server.start()
    return server
  } catch (error) {
    await server[Symbol.asyncDispose]()
    throw error
  }
}

/** Puts a recipe's whole repository, versions included, on the forge. Gives the commit of main. */
export async function pushRecipe(gitea: Gitea, repository: string, dir: string): Promise<string> {
  const { admin } = gitea.people
  const [owner, name] = repository.split('/') as [string, string]
  await gitea.api(admin, 'POST', `/orgs/${owner}/repos`, { name, default_branch: 'main' })
  const url = `${gitea.url}/${repository}.git`
  const authorization = `Authorization: Basic ${Buffer.from(`${admin.login}:${admin.password}`).toString('base64')}`
  const env = {
    ...inheritedEnv(),
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: 'http.extraHeader',
    GIT_CONFIG_VALUE_0: authorization,
  }
  const git = (...args: string[]) => execOk('git', args, { cwd: dir, timeoutMs: 60_000, env })
  await git('push', '-q', url, 'HEAD:refs/heads/main', '--tags')
  await gitea.settled(repository)
  return (await git('rev-parse', 'HEAD')).stdout.trim()
}
