import { type Engine, RUN_LABEL } from '../engine/client.ts'
import { createContainer, startContainer } from '../engine/containers.ts'
import { SANDBOX_USERS } from '../images/browser.ts'
import { INSIDE } from './contract.ts'
import type { SandboxNames } from './names.ts'

const MIB = 1024 ** 2

/** Together well below the memory, which they count towards: full scratch space is an error of the program, not the end of the sandbox. */
const SCRATCH = {
  [INSIDE.code]: { mib: 64, uid: 0, mode: '755', files: 10_000 },
  [INSIDE.runtime]: { mib: 16, uid: 0, mode: '755', files: 2_000 },
  [INSIDE.artifacts]: { mib: 256, uid: SANDBOX_USERS.program, mode: '755', files: 20_000 },
  '/home/sandbox': { mib: 128, uid: SANDBOX_USERS.program, mode: '700', files: 20_000 },
  '/tmp': { mib: 256, uid: 0, mode: '1777', files: 20_000 },
  '/run/cc-ci': { mib: 1, uid: SANDBOX_USERS.bridge, mode: '755', files: 100 },
} as const

const MEMORY_MIB = 1536
const SHARED_MEMORY_MIB = 256
const PROCESSES = 512

export interface BoxOptions {
  readonly runId: string
  readonly image: string
  readonly names: SandboxNames
}

/** Starts the container in which nothing runs yet; gives its id. */
export async function startBox(engine: Engine, { runId, image, names }: BoxOptions): Promise<string> {
  const { cpus } = await engine.info()
  const id = await createContainer(engine.connection, names.box, {
    Image: image,
    Entrypoint: ['/usr/bin/tini', '--'],
    Cmd: ['/bin/sleep', 'infinity'],
    User: String(SANDBOX_USERS.bridge),
    WorkingDir: '/',
    Hostname: 'sandbox',
    Labels: { [RUN_LABEL]: runId, 'cc-ci.role': 'sandbox' },
    HostConfig: {
      NetworkMode: names.network,
      // The engine's own resolver answers for the gate and asks this address for everything else: nobody is there.
      Dns: ['127.0.0.1'],
      DnsOptions: ['timeout:1', 'attempts:1'],
      CapDrop: ['ALL'],
      SecurityOpt: ['no-new-privileges'],
      ReadonlyRootfs: true,
      Tmpfs: Object.fromEntries(Object.entries(SCRATCH).map(([path, of]) => [path, tmpfsOptions(of)])),
      ShmSize: SHARED_MEMORY_MIB * MIB,
      Memory: MEMORY_MIB * MIB,
      MemorySwap: MEMORY_MIB * MIB,
      PidsLimit: PROCESSES,
      NanoCpus: Math.round(Math.max(0.5, Math.min(2, cpus * 0.75)) * 1e9),
      CpuShares: 512,
      Ulimits: [
        { Name: 'core', Soft: 0, Hard: 0 },
        { Name: 'nofile', Soft: 4096, Hard: 4096 },
        { Name: 'memlock', Soft: 64 * 1024, Hard: 64 * 1024 },
      ],
      LogConfig: { Type: 'none' },
    },
    NetworkingConfig: { EndpointsConfig: { [names.network]: {} } },
  })
  await startContainer(engine.connection, id)
  return id
}

function tmpfsOptions({ mib, uid, mode, files }: (typeof SCRATCH)[keyof typeof SCRATCH]): string {
  return `rw,nosuid,nodev,exec,size=${mib}m,uid=${uid},gid=${uid},mode=${mode},nr_inodes=${files}`
}
