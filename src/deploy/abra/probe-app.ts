import { mkdirSync, writeFileSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { randomId } from '../../lib/ids.ts'
import { git, gitOk } from '../../recipe/repository/git.ts'
import type { App } from '../deployer.ts'
import { type AbraHome, abraHome } from './home.ts'
import { ABRA } from './versions.ts'

/** A tiny recipe and an app of it, by which an abra is looked at. */
export interface ProbeApp {
  readonly app: App
  readonly home: AbraHome
  readonly recipe: string
  readonly commit: string
  readonly version: string
  readonly secrets: readonly { readonly name: string; readonly length: number | null; readonly pattern: RegExp }[]
  /** What its container must have of the variables `PROBE_`. */
  readonly environment: readonly string[]
}

const RECIPE = 'ccci-probe'
const VERSION = '1.0.0+1'
const LENGTH = 200

const SECRETS = [
  { name: 'words', length: null, pattern: /^\S{12,}$/, modifiers: '' },
  { name: 'plain', length: LENGTH, pattern: /^[A-Za-z0-9]+$/, modifiers: ` # length=${LENGTH}` },
  {
    name: 'special',
    length: LENGTH,
    pattern: /^(?=.*[^A-Za-z0-9])[!-~]+$/,
    modifiers: ` # length=${LENGTH} charset=default,special`,
  },
] as const

/** `image`: one that the engine has, with a shell. */
export async function makeProbeApp({
  root,
  image,
  runId,
}: {
  readonly root: string
  readonly image: string
  readonly runId: string
}): Promise<ProbeApp> {
  const stack = `ccci-probe-${randomId(6)}_test`
  const app = { runId, recipe: RECIPE, stack, domain: stack.replaceAll('_', '.'), repository: root }
  const home = abraHome(root, app)
  const { server, catalogue } = ABRA.folders
  for (const dir of [server, catalogue]) mkdirSync(join(home.dir, dir), { recursive: true, mode: 0o700 })
  mkdirSync(home.recipeDir, { recursive: true })
  writeFileSync(join(home.dir, catalogue, 'recipes.json'), '{}\n')
  const env = envText(app)
  for (const [name, text] of Object.entries(filesOf(image, env))) writeFileSync(join(home.recipeDir, name), text)
  const commit = await commitAll(home.recipeDir)
  // What is deployed is never the commit alone: an untracked file, as the overlay of a run is.
  await writeFile(
    join(home.recipeDir, 'compose.cc-ci.yml'),
    'version: "3.8"\nservices: {app: {deploy: {labels: {ccci.probe: "yes"}}}}\n',
  )
  await writeFile(home.envFile, env, { mode: 0o600 })
  return {
    ...{ app, home, recipe: RECIPE, commit, version: VERSION, secrets: SECRETS },
    environment: ['PROBE_ENV=of the env file', 'PROBE_SHELL=v2'],
  }
}

function envText({ domain, stack }: App): string {
  return [
    `TYPE=${RECIPE}`,
    `DOMAIN=${domain}`,
    `STACK_NAME=${stack}`,
    'LETS_ENCRYPT_ENV=',
    'COMPOSE_FILE=compose.yml:compose.cc-ci.yml',
    "PROBE_ENV='of the env file'",
    'PROBE_SHELL=v1',
    ...SECRETS.map(({ name, modifiers }) => `SECRET_${name.toUpperCase()}_VERSION=v1${modifiers}`),
    '',
  ].join('\n')
}

function filesOf(image: string, env: string): Readonly<Record<string, string>> {
  const secret = ({ name }: { readonly name: string }) =>
    `  ${name}: {external: true, name: "\${STACK_NAME}_${name}_\${SECRET_${name.toUpperCase()}_VERSION}"}\n`
  return {
    '.env.sample': env,
    'abra.sh': 'export PROBE_SHELL=v2\n',
    'README.md': '# A recipe of cc-ci that looks at abra\n',
    'compose.yml': `version: "3.8"
services:
  app:
    image: ${image}
    command: ["/bin/sh", "-c", "trap 'exit 0' TERM; while :; do sleep 1 & wait $$!; done"]
    networks: [internal]
    volumes: ["data:/data"]
    secrets: [${SECRETS.map(({ name }) => name).join(', ')}]
    deploy:
      labels:
        - "coop-cloud.\${STACK_NAME}.version=${VERSION}"
networks: {internal: }
volumes: {data: }
secrets:
${SECRETS.map(secret).join('')}`,
  }
}

async function commitAll(dir: string): Promise<string> {
  const who = ['user.name=cc-ci', 'user.email=cc-ci@localhost']
  await gitOk(dir, ['init', '--quiet', '--template='])
  await gitOk(dir, ['add', '--all'])
  await gitOk(dir, ['commit', '--quiet', '-m', 'A recipe to look at abra with'], { config: who })
  await gitOk(dir, ['tag', '-a', '-m', VERSION, VERSION], { config: who })
  return (await git(dir, ['rev-parse', 'HEAD'])).stdout.trim()
}
