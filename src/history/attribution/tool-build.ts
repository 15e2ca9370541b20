import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { copyFile, mkdir, readdir, rename, rm, symlink, utimes } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { UsageError } from '../../lib/errors.ts'
import { writeJson } from '../../lib/files/atomic-file.ts'
import { randomId } from '../../lib/ids.ts'
import { exec, execOk, wholeEnv } from '../../lib/process/exec.ts'
import { withMachineLock } from '../../lib/process/machine-lock.ts'
import { gitOk, uploadArgs } from '../../recipe/repository/git.ts'

const FETCH_DEADLINE_MS = 5 * 60_000
const INSTALL_DEADLINE_MS = 20 * 60_000

/** A build of cc-ci that can be run. */
export interface ToolBuild {
  /** Null: the build that runs now, which is in no repository. */
  readonly commit: string | null
  /** The folder with `bin/cc-ci`. */
  readonly checkout: string
  /** Its state folder, which no other build writes to. */
  readonly state: string
}

export interface PinOptions {
  readonly stateDir: string
  /** The folder of the repository of cc-ci. */
  readonly repository: string
  readonly log: (line: string) => void
  readonly signal: AbortSignal
}

/** What a build must know to be run: runs are named before they begin, and end when we do. */
const NEEDED_FLAGS = ['--run-id', '--supervised']
/** What decides which packages are installed. */
const PACKAGE_FILES = ['package.json', 'package-lock.json']

/**
 * A checkout of one commit of cc-ci with its packages, made once for each state folder and kept; builds with equal lock files share the
 * packages. A kill leaves it made or not made. Throws UsageError `not-cc-ci`, `tool-too-old`; InfraError `git-failed`, `program-failed`.
 */
export async function pinTool(commit: string, options: PinOptions): Promise<ToolBuild> {
  const { stateDir, log, signal } = options
  const dir = join(buildsDir(stateDir), commit)
  const build: ToolBuild = { commit, checkout: join(dir, 'checkout'), state: join(dir, 'state') }
  const ready = join(dir, 'ready.json')
  return withMachineLock(
    log,
    async () => {
      if (existsSync(ready)) return used(build, ready)
      log(`cc-ci ${commit.slice(0, 12)}: checking out and installing what it needs`)
      await rm(build.checkout, { recursive: true, force: true })
      await whole(build.checkout, (making) => checkOut(making, commit, options))
      signal.throwIfAborted()
      await symlink(await installPackages(build.checkout, options), join(build.checkout, 'node_modules'))
      await assertRunnable(build)
      await mkdir(build.state, { recursive: true, mode: 0o700 })
      await writeJson(ready, { commit })
      return build
    },
    buildLock(dir),
  )
}

/** Where the builds of a state folder lie, by commit: each has its `checkout`, its `state`, and `ready.json` once it can be used. */
export function buildsDir(stateDir: string): string {
  return join(stateDir, 'ab', 'tools')
}

/** Where the packages of builds lie, by what their lock files hold. */
export function packagesDir(stateDir: string): string {
  return join(stateDir, 'ab', 'packages')
}

export function buildLock(dir: string): string {
  return `cc-ci-tool-${digest(dir)}`
}

export function packagesLock(dir: string): string {
  return `cc-ci-packages-${digest(dir)}`
}

/** The time of `ready.json` says when it was last used: see `unused-builds.ts`. */
async function used(build: ToolBuild, ready: string): Promise<ToolBuild> {
  const now = new Date()
  await utimes(ready, now, now)
  return build
}

export function launcherOf({ checkout }: Pick<ToolBuild, 'checkout'>): string {
  return join(checkout, 'bin', 'cc-ci')
}

/**
 * Makes a folder under another name and gives it its own when it is whole. Each time another one: a program of ours that was not killed with us may still write into
 * the last, which goes when it can.
 */
async function whole(dir: string, make: (making: string) => Promise<void>): Promise<void> {
  const prefix = `${basename(dir)}.making-`
  await mkdir(dirname(dir), { recursive: true })
  const left = (await readdir(dirname(dir))).filter((name) => name.startsWith(prefix))
  for (const name of left) await rm(join(dirname(dir), name), { recursive: true, force: true }).catch(() => undefined)
  const making = `${dir}.making-${randomId(6)}`
  await mkdir(making)
  try {
    await make(making)
    await rename(making, dir)
  } catch (error) {
    await rm(making, { recursive: true, force: true }).catch(() => undefined)
    throw error
  }
}

async function checkOut(checkout: string, commit: string, { repository }: PinOptions): Promise<void> {
  await gitOk(checkout, ['init', '--quiet', '--template='])
  const fetch = ['fetch', '--quiet', '--no-tags', '--depth=1', ...uploadArgs(repository), repository, commit]
  await gitOk(checkout, fetch, { timeoutMs: FETCH_DEADLINE_MS, protocols: ['file'] })
  await gitOk(checkout, ['checkout', '--quiet', '--detach', 'FETCH_HEAD'], { timeoutMs: FETCH_DEADLINE_MS })
  const missing = ['bin/cc-ci', ...PACKAGE_FILES].filter((file) => !existsSync(join(checkout, file)))
  if (missing.length === 0) return
  throw new UsageError(
    'not-cc-ci',
    `commit ${commit} of ${repository} is no build of cc-ci: it has no ${missing.join(', ')}`,
    {
      hint: 'Name a commit of the repository of cc-ci with --tool, and its folder with --tool-repo.',
    },
  )
}

/** The folder with the packages that the lock file names. */
async function installPackages(checkout: string, { stateDir, log, signal }: PinOptions): Promise<string> {
  const contents = PACKAGE_FILES.map((file) => readFileSync(join(checkout, file), 'utf8'))
  const dir = join(packagesDir(stateDir), digest(contents.join('\0')))
  return withMachineLock(
    log,
    async () => {
      if (!existsSync(dir)) {
        await whole(dir, async (making) => {
          for (const file of PACKAGE_FILES) await copyFile(join(checkout, file), join(making, file))
          const args = ['ci', '--no-audit', '--no-fund']
          await execOk('npm', args, { cwd: making, env: wholeEnv(), timeoutMs: INSTALL_DEADLINE_MS, signal })
        })
      }
      // From now on it is in use, though no checkout is linked to it yet.
      await utimes(dir, new Date(), new Date())
      return join(dir, 'node_modules')
    },
    packagesLock(dir),
  )
}

/** A build that cannot even print its help is run all the same: that is what is to be found out. */
async function assertRunnable(build: ToolBuild): Promise<void> {
  const help = await exec(launcherOf(build), ['test', '--help'], { timeoutMs: 60_000, env: toolEnv(build) })
  const missing = help.exitCode === 0 ? NEEDED_FLAGS.filter((flag) => !help.stdout.includes(flag)) : []
  if (missing.length === 0) return
  throw new UsageError('tool-too-old', `cc-ci ${build.commit} does not know ${missing.join(' and ')}`, {
    hint: `Attributions need builds whose \`cc-ci test\` has ${NEEDED_FLAGS.join(' and ')}: name a newer old end.`,
  })
}

/** Our environment, with nothing that makes a build believe that it belongs to another run or state folder. */
export function toolEnv({ state }: Pick<ToolBuild, 'state'>): Record<string, string> {
  const { CC_CI_RUN: _, CC_CI_NODE: __, NODE_COMPILE_CACHE: ___, ...ours } = wholeEnv()
  return { ...ours, CC_CI_STATE: state, NO_COLOR: '1' }
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 24)
}
