import type { ToolboxEngine } from '../../../src/backup/toolbox.ts'
import { tryDocker } from '../../../src/engine/docker-cli.ts'
import { exec, execOk } from '../../../src/lib/exec.ts'

const DEADLINE = { deadlineMs: 60_000 }

/** The real engine through its command line: a second way to the same thing, so that these tests do not depend on our client. */
export const dockerToolbox: ToolboxEngine = {
  async runContainer({ name, image, argv, env, labels, mounts, capabilities }) {
    const { stdout } = await execOk(
      'docker',
      [
        'run',
        '--detach',
        '--name',
        name,
        '--network',
        'none',
        '--cap-drop',
        'ALL',
        ...capabilities.flatMap((capability) => ['--cap-add', capability]),
        ...Object.entries(env).flatMap(([key, value]) => ['--env', `${key}=${value}`]),
        ...Object.entries(labels).flatMap(([key, value]) => ['--label', `${key}=${value}`]),
        ...[...mounts].flatMap(([volume, target]) => ['--mount', `type=volume,source=${volume},target=${target}`]),
        image,
        ...argv,
      ],
      DEADLINE,
    )
    return stdout.trim()
  },
  removeContainer: async (name) => void (await tryDocker(['rm', '--force', '--volumes', name], DEADLINE)),
  async createVolume(name, labels) {
    const labelling = Object.entries(labels).flatMap(([key, value]) => ['--label', `${key}=${value}`])
    await execOk('docker', ['volume', 'create', ...labelling, name], DEADLINE)
  },
  removeVolume: async (name) => void (await tryDocker(['volume', 'rm', '--force', name], DEADLINE)),
  async listVolumes(label) {
    const { stdout } = await execOk('docker', ['volume', 'ls', '--quiet', '--filter', `label=${label}`], DEADLINE)
    return stdout.split('\n').filter(Boolean)
  },
  exec: (container, argv, options) => execIn(container, argv, options),
}

/** Runs argv in a container, with input. */
export async function execIn(
  container: string,
  argv: readonly string[],
  { stdin, deadlineMs }: { readonly stdin?: string; readonly deadlineMs: number },
) {
  const result = await exec('docker', ['exec', '--interactive', container, ...argv], {
    deadlineMs,
    ...(stdin === undefined ? {} : { input: stdin }),
  })
  return { exitCode: result.exitCode ?? -1, stdout: result.stdout, stderr: result.stderr }
}
