import { spawn } from 'node:child_process'
import { tryDocker } from '../../engine/docker-cli.ts'
import { waitFor } from '../../lib/async/wait.ts'
import { RUN_VARIABLE } from '../../lifecycle/take-down.ts'
import type { Disturbance } from '../canary.ts'

/** Ends by itself, should nobody end it. */
const SECONDS = '120'

/**
 * A process with the mark of the run that begins after the run has killed its own: in the middle of the removal of the stack, whose
 * services go first. The run looks for what is left once all is removed, and must find it.
 */
export const leftBehind: Disturbance = {
  what: 'a process of the run begins in the middle of its teardown',
  prepare({ on, cleanup }) {
    on(async (event, run) => {
      if (event.type !== 'operation.started' || event.kind !== 'remove') return
      const filter = ['--filter', `label=com.docker.stack.namespace=${run.stack}`, '--quiet']
      await waitFor<true, never>(
        async () => {
          const { stdout } = await tryDocker(['service', 'ls', ...filter])
          return stdout.trim() === ''
            ? { state: 'ready', value: true }
            : { state: 'waiting', reason: 'services are there' }
        },
        { name: 'the services to be removed', timeoutMs: 60_000, everyMs: 10 },
      )
      const child = spawn('sleep', [SECONDS], {
        env: { PATH: process.env.PATH ?? '', [RUN_VARIABLE]: run.id },
        stdio: 'ignore',
      })
      cleanup.register('the process that was left', async () => void child.kill('SIGKILL'))
    })
  },
}
