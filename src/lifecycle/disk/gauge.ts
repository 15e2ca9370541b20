import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type Engine, RUN_LABEL } from '../../engine/client.ts'
import { InfraError } from '../../lib/errors.ts'
import { type DiskRoom, roomIn } from '../../machine/disk-room.ts'
import type { EngineFolder, MeasuredRun } from './written.ts'

/** Tells the room on the disk that an engine writes to. */
export interface DiskGauge {
  /** How often it may be asked without costing much. */
  readonly everyMs: number
  readonly folder: EngineFolder
  /** Throws where it is unknown now. */
  room(): Promise<DiskRoom>
  close(): Promise<void>
}

/** A file system of this machine costs nothing to ask; an engine elsewhere, or in namespaces of its own, is asked in a container. */
export async function openGauge(engine: Engine, run: MeasuredRun): Promise<DiskGauge> {
  const { rootDir } = await engine.info()
  const isHere =
    engine.node === null && !process.env.DOCKER_HOST && rootDir !== '' && existsSync(join(rootDir, 'containers'))
  return isHere
    ? { everyMs: 500, folder: rootDir, room: () => roomIn(rootDir), close: async () => {} }
    : inContainer(engine, run)
}

/** The root of a container lies on the disk that is asked about. */
function inContainer(engine: Engine, { stack, runId, image }: MeasuredRun): DiskGauge {
  const name = `${stack}_ccci-disk`
  let id: string | null = null
  return {
    everyMs: 2_000,
    folder: null,
    async room() {
      try {
        id ??= await begin()
        const { stdout } = await engine.exec(id, ['stat', '-f', '-c', '%a %b %S', '/'], { timeoutMs: 20_000 })
        const [free, blocks, size] = stdout.trim().split(' ').map(Number)
        if (!Number.isFinite(free) || !blocks || !size)
          throw new InfraError('disk-unknown', `stat said: ${stdout.slice(0, 200)}`)
        return { free: (free ?? 0) * size, size: blocks * size }
      } catch (error) {
        // An engine that was restarted has ended it.
        id = null
        throw error
      }
    },
    close: () => engine.removeContainer(name),
  }
  async function begin(): Promise<string> {
    await engine.removeContainer(name)
    const argv = ['sleep', 'infinity']
    const labels = { [RUN_LABEL]: runId }
    return engine.runContainer({ name, image, argv, env: {}, labels, mounts: new Map(), capabilities: [] })
  }
}
