import { closeSync, openSync, readFileSync, readSync } from 'node:fs'
import { copyFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { InfraError } from '../lib/errors.ts'
import { debianBase } from './debian-base.ts'
import type { ImageDefinition } from './definition.ts'
import { installPackages } from './packages.ts'

/** Where pages of apps are opened, and what the sandbox stands on: Chromium and Node. What cc-ci itself has inside goes in per container. */
const BROWSER_TAG = 'cc-ci/browser:1'

/** Uids inside: whose code it is, and who carries its requests. */
export const SANDBOX_USERS = { program: 1000, bridge: 1001 } as const

/** Path of Chromium in the image. */
export const CHROMIUM = '/usr/bin/chromium'

/** The definition behind BROWSER_TAG. Node is the one that cc-ci runs with. Throws InfraError `no-portable-node`. */
export function browserImage(): ImageDefinition {
  const node = portableNode()
  return {
    tag: BROWSER_TAG,
    from: debianBase(),
    steps: [
      installPackages(['chromium', 'fonts-liberation', 'tini', 'libstdc++6']),
      `RUN useradd --uid ${SANDBOX_USERS.program} --no-create-home --home-dir /home/sandbox --shell /bin/bash sandbox && useradd --uid ${SANDBOX_USERS.bridge} --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin bridge`,
      'RUN mkdir -p /home/sandbox',
      'COPY node /usr/local/bin/node',
      'RUN /usr/local/bin/node --version',
    ],
    fetch: {
      key: `node ${node.version}`,
      into: (folder) => copyFile(node.path, join(folder, 'node')),
    },
    labels: { 'cc-ci.role': 'browser-image' },
  }
}

/** Where a package that cc-ci stands on is installed, and its version. */
export function installed(name: string): { dir: string; version: string } {
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
