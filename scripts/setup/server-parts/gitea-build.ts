// cspell:ignore unlock ldflags gcflags GOGC
import { cp, mkdir, mkdtemp, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { execOk, wholeEnv } from '../../../src/lib/process/exec.ts'
import { withMachineLock } from '../../../src/lib/process/machine-lock.ts'
import { cacheDir } from './cache.ts'
import { GITEA_VERSION, type GiteaVersion, goMod, PUBLIC_FILES } from './gitea-module.ts'
import { ensureGo } from './go.ts'

export interface BuiltGitea {
  readonly binary: string
  /** Templates, locales and the stand-ins for the frontend: Gitea's STATIC_ROOT_PATH. */
  readonly staticRoot: string
}

const BUILD_DEADLINE_MS = 60 * 60_000

/** A forge for tests needs no debugger: without what one reads, and with a compiler that collects its garbage seldom, the build takes 0.6 of the time. */
const QUICK_FLAGS = ['-gcflags=all=-dwarf=false', '-ldflags']
const QUICK_ENV = { GOGC: '400', CGO_CFLAGS: '-O1 -g0' }

/** Where the built Gitea is, whether it is there or not. */
function giteaPlace(version: GiteaVersion): BuiltGitea {
  const dir = cacheDir(`gitea-${version}`)
  return { binary: join(dir, 'gitea'), staticRoot: join(dir, 'static') }
}

/**
 * The real Gitea, built from its Go module once per machine (1-4 minutes) and kept in the cache; put in place by one rename, and never by
 * two processes at once. Default: the version of the server's tests. Throws InfraError `no-go`, `program-failed` with the compiler's last words.
 */
export async function ensureGitea(
  log: (line: string) => void,
  version: GiteaVersion = GITEA_VERSION,
): Promise<BuiltGitea> {
  const place = giteaPlace(version)
  if (await exists(place.binary)) return place
  await withMachineLock(
    log,
    async () => {
      if (!(await exists(place.binary))) await build(dirname(place.binary), version, log)
    },
    'cc-ci-go-build',
  )
  return place
}

async function build(target: string, version: GiteaVersion, log: (line: string) => void): Promise<void> {
  const go = await ensureGo(log)
  log(`building Gitea ${version} with ${go} (minutes; once)`)
  await mkdir(dirname(target), { recursive: true })
  const work = await mkdtemp(`${target}.making-`)
  try {
    const source = join(work, 'source')
    const made = join(work, 'made')
    await mkdir(source)
    await mkdir(made)
    await writeFile(join(source, 'go.mod'), goMod(version))
    const run = (args: string[]) =>
      execOk(go, args, { cwd: source, timeoutMs: BUILD_DEADLINE_MS, env: { ...wholeEnv(), ...QUICK_ENV } })
    await run(['mod', 'tidy'])
    await run([
      'build',
      '-tags',
      'sqlite sqlite_unlock_notify',
      ...QUICK_FLAGS,
      `-s -w -X main.Version=${version}`,
      '-o',
      join(made, 'gitea'),
      'code.gitea.io/gitea',
    ])
    const module = (await run(['list', '-m', '-f', '{{.Dir}}', 'code.gitea.io/gitea'])).stdout.trim()
    await copyStatic(module, join(made, 'static'))
    await rm(target, { recursive: true, force: true })
    await rename(made, target)
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

async function copyStatic(module: string, target: string): Promise<void> {
  for (const part of ['templates', 'options']) await cp(join(module, part), join(target, part), { recursive: true })
  // The module cache is read-only; a cache that cannot be deleted by its owner is a nuisance.
  await execOk('chmod', ['-R', 'u+w', target], { timeoutMs: 60_000 })
  for (const [name, text] of Object.entries(PUBLIC_FILES)) {
    await mkdir(dirname(join(target, 'public', name)), { recursive: true })
    await writeFile(join(target, 'public', name), text)
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
