import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { type ExecResult, exec } from '../../../src/lib/process/exec.ts'
import type { RpcHandlers } from '../../../src/sandbox/contract.ts'
import { serveRpc } from './rpc-server.ts'

const ROOT = join(import.meta.dirname, '..', '..', '..')

/** What the harness says in these tests, where a test does not say otherwise. */
export const FACTS = {
  domain: 'todo.ci.test',
  baseUrl: 'http://127.0.0.1:1',
  recipe: { name: 'todo', version: '1.0.0+1.0.0', commit: '0123456789012345678901234567890123456789' },
  config: { health: { path: '/health' }, deps: [] as string[] },
  deps: {} as Record<string, Record<string, string>>,
  calls: {} as Record<string, string[]>,
  op: null as unknown,
}

/** The real programs in a folder that looks like the sandbox, with a harness of the test's own. */
export interface FakeSandbox {
  readonly dir: string
  /** Paths below `code/`: `recipe/tests/custom/x.spec.ts`. */
  write(files: Readonly<Record<string, string>>): Promise<void>
  run(program: string, args: readonly string[], options: RunOptions): Promise<ExecResult>
  [Symbol.asyncDispose](): Promise<void>
}

export interface RunOptions {
  readonly handlers?: RpcHandlers
  readonly env?: Readonly<Record<string, string>>
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
}

export async function fakeSandbox(): Promise<FakeSandbox> {
  const dir = await mkdtemp(join(tmpdir(), 'cc-ci-inside-'))
  await mkdir(join(dir, 'node_modules'))
  await mkdir(join(dir, 'tmp'))
  await symlink(ROOT, join(dir, 'node_modules', 'cc-ci'))
  return {
    dir,
    async write(files) {
      for (const [name, text] of Object.entries(files)) {
        const path = join(dir, 'code', name)
        await mkdir(dirname(path), { recursive: true })
        await writeFile(path, text)
      }
    },
    async run(program, args, { handlers = {}, env = {}, timeoutMs = 60_000 }) {
      const socket = join(dir, 'rpc.sock')
      const server = await serveRpc(socket, { context: async () => FACTS, ...handlers })
      try {
        return await exec(process.execPath, [join(ROOT, 'src', 'inside', program), ...args], {
          timeoutMs,
          cwd: '/',
          env: {
            PATH: process.env.PATH ?? '',
            HOME: dir,
            TMPDIR: join(dir, 'tmp'),
            CC_CI_RPC: socket,
            CC_CI_CODE: join(dir, 'code'),
            CC_CI_BROWSER: process.env.CC_CI_BROWSER ?? '/usr/bin/chromium',
            ...env,
          },
        })
      } finally {
        await server.close()
      }
    },
    async [Symbol.asyncDispose]() {
      await rm(dir, { recursive: true, force: true, maxRetries: 3 })
    },
  }
}
