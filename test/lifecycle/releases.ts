import { settingsSchema } from '../../src/config/settings.ts'
import { type App, NO_ADDITIONS, type Release } from '../../src/deploy/deployer.ts'
import { newAppRelease } from '../../src/lifecycle/planning/release.ts'
import { readTree } from '../../src/recipe/files/tree.ts'
import { type Files, folder } from '../recipe/throwaway.ts'

export const APP: App = {
  runId: '20261123-191254-k3f9qa',
  recipe: 'web',
  domain: 'web-k3f9qa.ci.test',
  stack: 'web-k3f9qa_ci_test',
  repository: '/',
}
export const DEFAULTS = settingsSchema.parse({})

/** The recipe in a folder as a new app; `commit` is only a name, `dirty` says that the folder has more than the commit. */
export async function releaseIn(dir: string, commit = 'a'.repeat(40), dirty = false): Promise<Release> {
  const source = { app: APP, tree: await readTree(dir), commit, chaos: true, dirty, overlay: null }
  return newAppRelease({ ...source, added: NO_ADDITIONS }, DEFAULTS)
}

export async function releaseOf(files: Files): Promise<Release> {
  return releaseIn(await folder(files))
}

/** A compose file whose service `app` has this image and version label; `more` is added below the service. */
export function compose(options: { image?: string; version?: string; more?: string } = {}): string {
  const { image = 'nginx:1.25.3', version = '1.0.0+1.25.3', more = '' } = options
  return `version: "3.8"
services:
  app:
    image: ${image}
    deploy:
      labels:
        - "coop-cloud.\${STACK_NAME}.version=${version}"
${more}`
}
