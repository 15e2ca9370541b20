import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { systemClock } from '../../../src/lib/async/clock.ts'
import { httpDispatch } from '../../../src/server/worker/http-dispatch.ts'
import { runWorker } from '../../../src/server/worker/worker.ts'
import { builds } from '../../cli/played-builds.ts'
import type { TestServer } from './server.ts'

const PLAYED = new URL('../worker/played-run.ts', import.meta.url).pathname
const GIB = 1024 ** 3

/** A real worker of a real server, over HTTP, whose runs are played: the file `behave` of a recipe says how one ends. */
export async function startPlayedWorker(server: TestServer, name = 'played'): Promise<AsyncDisposable> {
  const tool = await builds('well')
  const state = await mkdtemp(join(tmpdir(), 'cc-ci-played-'))
  const { token } = await server.api<{ token: string }>('POST', '/workers', { name })
  const drain = new AbortController()
  const working = runWorker({
    dispatch: httpDispatch({ url: server.url, token }),
    ...{ state, memoryBytes: 64 * GIB, clock: systemClock, log: pino({ level: 'silent' }), signal: drain.signal },
    ccCi: [process.execPath, '--disable-warning=ExperimentalWarning', PLAYED, tool.dir],
  })
  return {
    async [Symbol.asyncDispose]() {
      drain.abort()
      await working
      await rm(state, { recursive: true, force: true })
    },
  }
}
