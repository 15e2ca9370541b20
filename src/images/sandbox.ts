import { cpSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { withMachineLock } from '../lib/process/machine-lock.ts'
import { browserImage, installed } from './browser.ts'
import { ImageBuilder, imageState } from './builder.ts'
import { type ImageDefinition, inputTag } from './definition.ts'

/** Where code of recipes runs: Node, Chromium and Playwright Test. What cc-ci itself has inside is not in it: it goes in per run. */
const SANDBOX_TAG = 'cc-ci/sandbox:1'

const PACKAGES = ['@playwright/test', 'playwright', 'playwright-core'] as const

/** The definition behind SANDBOX_TAG. Node and Playwright are those that cc-ci runs with. Throws InfraError `no-portable-node`. */
export function sandboxImage(): ImageDefinition {
  const packages = PACKAGES.map((name) => ({ name, ...installed(name) }))
  return {
    tag: SANDBOX_TAG,
    from: browserImage(),
    steps: [
      'RUN mkdir -p /code /opt/cc-ci /artifacts /run/cc-ci /node_modules && ln -s /opt/cc-ci /node_modules/cc-ci',
      'COPY node_modules /node_modules',
    ],
    fetch: {
      key: packages.map(({ name, version }) => `${name} ${version}`).join(', '),
      into: async (folder) => {
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
  if ((await imageState(definition)) !== 'current') {
    await withMachineLock(log, () => new ImageBuilder(log).ensure(definition))
  }
  return inputTag(definition)
}
