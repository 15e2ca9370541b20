import { type Engine, RUN_LABEL } from '../engine/client.ts'
import { containerEnd, createContainer, startContainer } from '../engine/containers.ts'
import { SANDBOX_USERS } from '../images/browser.ts'

const DEADLINE_MS = 30_000

export interface ReaperOptions {
  readonly name: string
  readonly image: string
  readonly runId: string
  /** Whose processes of the unprivileged user are killed. */
  readonly container: string
}

/**
 * Kills the processes of the sandbox's user from a container of its own that shares nothing but the list of processes: it has places for
 * processes when the sandbox has none left, and it acts as that user without being one whom that user may signal. Only the effective
 * uid is the user's, and that is what a process may kill with, not what it may be killed by.
 */
export async function reap(engine: Engine, { name, image, runId, container }: ReaperOptions): Promise<void> {
  await engine.objects.removeContainer(name)
  const id = await createContainer(engine.connection, name, {
    Image: image,
    Entrypoint: ['/usr/local/bin/node'],
    Cmd: ['--eval', `process.seteuid(${SANDBOX_USERS.program}); try { process.kill(-1, 'SIGKILL') } catch {}`],
    User: '0',
    Labels: { [RUN_LABEL]: runId, 'cc-ci.role': 'reaper' },
    HostConfig: {
      PidMode: `container:${container}`,
      NetworkMode: 'none',
      CapDrop: ['ALL'],
      CapAdd: ['SETUID'],
      SecurityOpt: ['no-new-privileges'],
      ReadonlyRootfs: true,
      PidsLimit: 64,
      Memory: 256 * 1024 ** 2,
      LogConfig: { Type: 'none' },
    },
  })
  try {
    await startContainer(engine.connection, id)
    await containerEnd(engine.connection, id, { timeoutMs: DEADLINE_MS })
  } finally {
    await engine.objects.removeContainer(id)
  }
}
