// cspell:ignore opencontainers libc ldflags gcflags GOGC seccomp libseccomp dockerversion
import { mkdir, mkdtemp, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { execOk, wholeEnv } from '../../../src/lib/process/exec.ts'
import { withMachineLock } from '../../../src/lib/process/machine-lock.ts'
import { cacheDir } from '../server-parts/cache.ts'
import { ensurePackages } from '../server-parts/debian.ts'
import { ensureGo } from '../server-parts/go.ts'

/** Releases are tagged `docker-v29.5.0` upstream; Go knows the same source by the module's own version. */
const ENGINE_VERSION = '29.5.0'
const MOBY = 'github.com/moby/moby/v2'
const MOBY_VERSION = 'v2.0.0-beta.24'
const RUNC = 'github.com/opencontainers/runc'
const RUNC_VERSION = 'v1.3.3'

const BUILD_DEADLINE_MS = 1_800_000
/** runc is the one part that needs C. */
const PACKAGES = ['gcc', 'libc6-dev', 'libseccomp-dev', 'pkg-config']
/** As for the test forge: nobody debugs it, and a compiler that collects its garbage seldom is quicker. */
const QUICK_FLAGS = ['-gcflags=all=-dwarf=false']
const QUICK_ENV = { GOGC: '400' }

/**
 * The folder with `dockerd`, `docker-proxy` and `runc` of a current engine, built from their Go modules once per machine (minutes) and kept in
 * the cache; Debian's containerd (of `docker.io`) serves it, Debian's runc does not. Put in place by one rename; never built beside another build.
 * Throws InfraError `no-go`, `program-failed` with the compiler's last words.
 */
export async function ensureEngine29(log: (line: string) => void): Promise<string> {
  const dir = cacheDir(`engine-${ENGINE_VERSION}`)
  if (await isThere(dir)) return dir
  await ensurePackages(PACKAGES, log)
  await withMachineLock(
    log,
    async () => {
      if (!(await isThere(dir))) await build(dir, log)
    },
    'cc-ci-go-build',
  )
  return dir
}

async function build(target: string, log: (line: string) => void): Promise<void> {
  const go = await ensureGo(log)
  log(`building the engine ${ENGINE_VERSION} with ${go} (minutes; once)`)
  await mkdir(dirname(target), { recursive: true })
  const work = await mkdtemp(`${target}.making-`)
  try {
    const made = join(work, 'made')
    await mkdir(made)
    const engine = await module(go, join(work, 'engine'), [
      `${MOBY}/cmd/dockerd@${MOBY_VERSION}`,
      `${MOBY}/cmd/docker-proxy@${MOBY_VERSION}`,
    ])
    const named = `-s -w -X ${MOBY}/dockerversion.Version=${ENGINE_VERSION}`
    await engine(['build', ...QUICK_FLAGS, '-ldflags', named, '-o', join(made, 'dockerd'), `${MOBY}/cmd/dockerd`], '0')
    await engine(['build', ...QUICK_FLAGS, '-o', join(made, 'docker-proxy'), `${MOBY}/cmd/docker-proxy`], '0')
    const runtime = await module(go, join(work, 'runtime'), [`${RUNC}@${RUNC_VERSION}`])
    await runtime(['build', '-tags', 'seccomp', '-o', join(made, 'runc'), RUNC], '1')
    await rm(target, { recursive: true, force: true })
    await rename(made, target)
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

/** A Go module in `dir` that pins these programs; gives `go` in it, with or without C. */
async function module(go: string, dir: string, programs: readonly string[]) {
  const run = (args: readonly string[], cgo: '0' | '1') =>
    execOk(go, args, {
      cwd: dir,
      timeoutMs: BUILD_DEADLINE_MS,
      env: { ...wholeEnv(), ...QUICK_ENV, CGO_ENABLED: cgo },
    })
  await mkdir(dir)
  await writeFile(join(dir, 'go.mod'), 'module engine\n\ngo 1.26.0\n')
  await run(['get', '-tool', ...programs], '0')
  return run
}

async function isThere(dir: string): Promise<boolean> {
  return stat(dir).then(
    () => true,
    () => false,
  )
}
