import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, watch } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { wholeEnv } from '../../src/lib/process/exec.ts'
import { seedState } from '../../test/server/support/seeded-state.ts'
import { startForgeStandIn } from './server/forge-stand-in.ts'

/**
 * `npm run dev`: a server on http://127.0.0.1:8090 that starts again at each change of its sources, with a stand-in for the forge and some ended runs, in a
 * state folder that is removed at the end. It runs no recipe and needs no engine. `npm run dev -- --port 9000 --recipes 20 --runs 50` has another port and more runs.
 */
const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '8090' },
    recipes: { type: 'string', default: '6' },
    runs: { type: 'string', default: '10' },
  },
})
/** Only this server on loopback takes it: written here so that nobody has to look for it. */
const OPERATOR_TOKEN = 'operator-of-the-development-server'

/** An editor writes a file in several steps. */
const QUIET_MS = 200
let pending: NodeJS.Timeout | undefined

const state = mkdtempSync(join(tmpdir(), 'cc-ci-dev-'))
process.on('exit', () => rmSync(state, { recursive: true, force: true }))
await seedState(state, { recipes: Number(values.recipes), runs: Number(values.runs) })
const url = `http://127.0.0.1:${values.port}`
const env = {
  ...wholeEnv(),
  CC_CI_STATE: state,
  CC_CI_HOST: '127.0.0.1',
  CC_CI_PORT: values.port,
  CC_CI_PUBLIC_URL: url,
  CC_CI_FORGE_URL: await startForgeStandIn(),
  CC_CI_FORGE_TOKEN: 'token-of-the-stand-in',
  CC_CI_WEBHOOK_SECRET: 'webhook-secret-of-the-development-server',
  CC_CI_OPERATOR_TOKEN: OPERATOR_TOKEN,
  CC_CI_WORKER_MEMORY: '0',
}
process.stdout.write(`starting ${url}  operator token: ${OPERATOR_TOKEN}  state: ${state}\n`)
let server = start()
let stopping = false
let restarting = false
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.on(signal, () => {
    stopping = true
    server.kill('SIGTERM')
  })
// Not Node's own --watch: it sends messages of its own to the threads of the server.
watch('src', { recursive: true }, (_, file) => {
  if (!file?.endsWith('.ts') || stopping) return
  clearTimeout(pending)
  pending = setTimeout(restart, QUIET_MS, file)
})

function start(): ChildProcess {
  const args = ['--disable-warning=ExperimentalWarning', 'src/cli/main.ts', 'serve', '--log', 'text']
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'inherit', 'inherit'] })
  child.on('exit', (code) => {
    if (stopping) process.exit(code ?? 1)
    if (!restarting) process.stdout.write('the server ended; it starts again at the next change below src\n')
  })
  return child
}

async function restart(file: string): Promise<void> {
  process.stdout.write(`src/${file} changed: restarting\n`)
  const before = server
  if (before.exitCode === null && before.signalCode === null) {
    restarting = true
    before.kill('SIGTERM')
    await once(before, 'exit')
    restarting = false
  }
  if (!stopping) server = start()
}
