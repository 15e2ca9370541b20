import { accessSync, constants, existsSync, readFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { InfraError } from '../lib/errors.ts'
import { installPackages } from './apt.ts'
import { impossible, type MachinePart, missing, ok, type PartState } from './part.ts'

/** A Debian package and the file or program that shows that it, or something as good, is there. */
interface Wanted {
  readonly package: string
  readonly present: () => boolean
}

const TOOLS: readonly Wanted[] = [
  { package: 'docker.io', present: () => onPath('docker') },
  { package: 'mmdebstrap', present: () => onPath('mmdebstrap') },
  { package: 'debian-archive-keyring', present: () => existsSync('/usr/share/keyrings/debian-archive-keyring.gpg') },
  { package: 'busybox-static', present: () => existsSync('/bin/busybox') },
  { package: 'python3-pip', present: () => onPath('python3') && (onPath('pip3') || onPath('pip')) },
  { package: 'openssl', present: () => onPath('openssl') },
  { package: 'ca-certificates', present: () => existsSync('/etc/ssl/certs/ca-certificates.crt') },
]

/** A machine may have the docker CLI alone: the engine comes with the same package. Asked for only where no engine answers. */
const ENGINE: readonly Wanted[] = [{ package: 'docker.io', present: () => onPath('dockerd') }]

/** Programs for building images and, where there is no engine yet, the engine. */
export const toolsPart: MachinePart = {
  id: 'packages',
  title: 'Debian packages',
  action: 'install Debian packages (engine, image tools)',
  needs: [],
  remedy: `As root on Debian or Ubuntu: apt-get install ${TOOLS.map((tool) => tool.package).join(' ')}`,
  inspect: async () => inspectPackages(TOOLS),
  repair: () => install(TOOLS),
}

/** Puts dockerd on this machine. Throws InfraError where cc-ci may not install. */
export async function installEngine(): Promise<void> {
  const { may, reason } = mayInstall()
  if (!may) {
    throw new InfraError('program-missing', `no dockerd on this machine, and cc-ci may not install it: ${reason}`, {
      hint: 'Install Docker (https://docs.docker.com/engine/install/), or set DOCKER_HOST to an engine you may use.',
    })
  }
  await install(ENGINE)
}

/** True for a root user on a Debian-like system: where packages may be installed. */
export function mayInstall(): { readonly may: boolean; readonly reason: string } {
  if (!/^(ID|ID_LIKE)=.*\b(debian|ubuntu)\b/m.test(osRelease()))
    return { may: false, reason: 'this is not Debian or Ubuntu' }
  return process.getuid?.() === 0 ? { may: true, reason: '' } : { may: false, reason: 'you are not root' }
}

/** Absolute path of a program on PATH, or null. */
export function whichProgram(name: string): string | null {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin']
  return folders.map((folder) => join(folder, name)).find(isExecutable) ?? null
}

function inspectPackages(wanted: readonly Wanted[]): PartState {
  const lacking = absent(wanted)
  if (lacking.length === 0) return ok('installed')
  const { may, reason } = mayInstall()
  const detail = `not installed: ${lacking.join(', ')}`
  return may ? missing(detail) : impossible(`${detail}; cc-ci may not install here: ${reason}`)
}

async function install(wanted: readonly Wanted[]): Promise<void> {
  const names = absent(wanted)
  if (names.length > 0) await installPackages(names)
}

function absent(wanted: readonly Wanted[]): string[] {
  return wanted.filter(({ present }) => !present()).map((one) => one.package)
}

function onPath(name: string): boolean {
  return whichProgram(name) !== null
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    // Not there, or not for us: the same to the caller.
    return false
  }
}

function osRelease(): string {
  return existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : ''
}
