// cspell:ignore seccomp DBUS noexec
import { readFileSync } from 'node:fs'
import { type Engine, RUN_LABEL } from '../engine/client.ts'
import { createContainer } from '../engine/containers.ts'
import { CHROMIUM, SANDBOX_USERS } from '../images/browser.ts'
import { seccompProfile } from './seccomp.ts'
import { PORTS } from './switches.ts'

const MIB = 1024 ** 2

/** What a browser and all that its pages hold may take; files of its scratch space count towards it. */
export const MEMORY_MIB = 1536
const SCRATCH_MIB = 1024
const SCRATCH_FILES = 20_000
export const PROCESSES = 512

const PROGRAM = new URL('in-box.ts', import.meta.url)
const NODE = ['/usr/local/bin/node', '--disable-warning=ExperimentalWarning', '--input-type=module-typescript']

export interface BoxOptions {
  readonly name: string
  readonly runId: string
  readonly image: string
  /** Whether the engine takes our list of calls to the kernel. */
  readonly filtered: boolean
  readonly switches: readonly string[]
}

/** Creates the container that is the browser: its first program carries Chromium's bytes, over the container's input and output. Gives its id. */
export function createBox(engine: Engine, options: BoxOptions): Promise<string> {
  const { name, runId, image, filtered, switches } = options
  const given = JSON.stringify({ chromium: [CHROMIUM, ...switches], ports: PORTS })
  return createContainer(engine.connection, name, {
    Image: image,
    Entrypoint: ['/usr/bin/tini', '--'],
    Cmd: [...NODE, '--eval', readFileSync(PROGRAM, 'utf8'), given],
    Labels: { [RUN_LABEL]: runId, 'cc-ci.role': 'browser' },
    ...confinedContainer(filtered),
  })
}

/** A container of the image in which nothing can be reached, little can be taken, and nothing can be had that it does not have. */
export function confinedContainer(filtered: boolean) {
  return {
    User: String(SANDBOX_USERS.program),
    WorkingDir: '/tmp',
    Hostname: 'browser',
    // Its input ends with the conversation that it is attached to, and it with its input.
    ...{ AttachStdin: true, AttachStdout: true, AttachStderr: true, OpenStdin: true, StdinOnce: true },
    Env: ['HOME=/home/sandbox', 'TMPDIR=/tmp', 'DBUS_SESSION_BUS_ADDRESS=disabled:'],
    HostConfig: {
      NetworkMode: 'none',
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges', ...(filtered ? [`seccomp=${seccompProfile()}`] : [])],
      ReadonlyRootfs: true,
      Tmpfs: {
        '/tmp': scratch(SCRATCH_MIB, '1777'),
        '/home/sandbox': scratch(64, '700'),
      },
      Memory: MEMORY_MIB * MIB,
      MemorySwap: MEMORY_MIB * MIB,
      PidsLimit: PROCESSES,
      Ulimits: [
        { Name: 'core', Soft: 0, Hard: 0 },
        { Name: 'nofile', Soft: 8192, Hard: 8192 },
      ],
      LogConfig: { Type: 'none' },
    },
  }
}

function scratch(mib: number, mode: string): string {
  const uid = SANDBOX_USERS.program
  return `rw,nosuid,nodev,noexec,size=${mib}m,uid=${uid},gid=${uid},mode=${mode},nr_inodes=${SCRATCH_FILES}`
}
