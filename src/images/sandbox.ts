import { closeSync, cpSync, openSync, readFileSync, readSync } from 'node:fs'
import { copyFile, mkdir } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { InfraError } from '../lib/errors.ts'
import { withMachineLock } from '../lib/machine-lock.ts'
import { ImageBuilder, lookImage } from './builder.ts'
import { debianBase } from './debian-base.ts'
import { type ImageDefinition, inputTag } from './definition.ts'
import { installPackages } from './packages.ts'

/** Where code of recipes runs: Node, Chromium and Playwright Test. What cc-ci itself has inside is not in it: it goes in per run. */
const SANDBOX_TAG = 'cc-ci/sandbox:1'

/** Uids inside: whose code it is, and who carries its requests. */
export const SANDBOX_USERS = { program: 1000, bridge: 1001 } as const

const PACKAGES = ['@playwright/test', 'playwright', 'playwright-core'] as const

/** The definition behind SANDBOX_TAG. Node and Playwright are those that cc-ci runs with. Throws InfraError `no-portable-node`. */
export function sandboxImage(): ImageDefinition {
  const packages = PACKAGES.map((name) => ({ name, ...installed(name) }))
  const node = portableNode()
  return {
    tag: SANDBOX_TAG,
    from: debianBase(),
    steps: [
      installPackages(['chromium', 'fonts-liberation', 'tini', 'libstdc++6']),
      `RUN useradd --uid ${SANDBOX_USERS.program} --no-create-home --home-dir /home/sandbox --shell /bin/bash sandbox && useradd --uid ${SANDBOX_USERS.bridge} --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin bridge`,
      'RUN mkdir -p /code /opt/cc-ci /artifacts /home/sandbox /run/cc-ci /node_modules && ln -s /opt/cc-ci /node_modules/cc-ci',
      'COPY node /usr/local/bin/node',
      'RUN /usr/local/bin/node --version',
      'COPY node_modules /node_modules',
    ],
    fetch: {
      key: [`node ${node.version}`, ...packages.map(({ name, version }) => `${name} ${version}`)].join(', '),
      into: async (folder) => {
        await copyFile(node.path, join(folder, 'node'))
        for (const { name, dir } of packages) {
          const target = join(folder, 'node_modules', name)
          await mkdir(dirname(target), { recursive: true })
          cpSync(dir, target, { recursive: true, dereference: true })
        }
      },
    },
    labels: { 'cc-ci.role': 'sandbox-image' },
  }
}

/** Builds the image when it is missing, one at a time on this machine; gives the reference to start it by. */
export async function ensureSandboxImage(log: (line: string) => void): Promise<string> {
  const definition = sandboxImage()
  if ((await lookImage(definition)) !== 'current') {
    await withMachineLock(log, () => new ImageBuilder(log).ensure(definition))
  }
  return inputTag(definition)
}

function installed(name: string): { dir: string; version: string } {
  const file = createRequire(import.meta.url).resolve(`${name}/package.json`)
  return { dir: dirname(file), version: (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version }
}

/** A Node that starts on Debian: our own, or that of the npm package `node` where ours is linked for another system. */
export function portableNode(): { path: string; version: string } {
  if (startsOnDebian(process.execPath)) return { path: process.execPath, version: process.version }
  try {
    const { dir, version } = installed('node')
    const path = join(dir, 'bin', 'node')
    if (startsOnDebian(path)) return { path, version: `v${version}` }
  } catch {
    // Not installed: the error below says what to do.
  }
  throw new InfraError('no-portable-node', `${process.execPath} is not linked for Debian's C library`, {
    hint: 'Run cc-ci with a released build of Node 24 for Linux (glibc).',
  })
}

/** The loader that a program asks for stands near its beginning. */
function startsOnDebian(path: string): boolean {
  const head = Buffer.alloc(8192)
  const file = openSync(path, 'r')
  readSync(file, head)
  closeSync(file)
  return head.includes('/lib64/ld-linux-x86-64.so.2') || head.includes('/lib/ld-linux-aarch64.so.1')
}
