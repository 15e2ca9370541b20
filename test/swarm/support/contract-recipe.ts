import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type App, NO_ADDITIONS, type Release } from '../../../src/deploy/deployer.ts'
import { newRunId, randomId } from '../../../src/lib/ids.ts'
import { exec, execOk, inheritedEnv } from '../../../src/lib/process/exec.ts'
import { newAppRelease } from '../../../src/lifecycle/planning/release.ts'
import { readTree } from '../../../src/recipe/files/tree.ts'
import { exportTree, openRecipe } from '../../../src/recipe/repository/repo.ts'
import { commitAll, write } from '../../cli/tinkered.ts'
import { DEFAULTS } from '../../lifecycle/releases.ts'
import { IMAGE } from './scratch-stack.ts'

/** The versions of a recipe by which a deployer is judged. */
const VERSIONS = ['first', 'second', 'changed-config', 'by-hand'] as const
type Version = (typeof VERSIONS)[number]

export interface ContractRecipe extends Disposable {
  readonly dir: string
  readonly app: App
  release(version: Version): Promise<Release>
}

const RUN = "trap 'exit 0' TERM; while :; do sleep 1 & wait $$!; done"

function compose(version: Version): string {
  const command = ['/bin/sh', '-c', version === 'first' ? RUN : `${RUN} # another`]
  const worker = version === 'first' ? { worker: { image: IMAGE, command: ['/bin/sh', '-c', RUN] } } : {}
  const manual = version === 'by-hand'
  return JSON.stringify({
    version: '3.8',
    services: {
      app: {
        image: IMAGE,
        command,
        environment: { THEME: 'from compose', EMPTY: null, PRICE: '5$$' },
        secrets: ['token', ...(manual ? ['certificate'] : [])],
        configs: [{ source: 'words', target: '/words' }],
        volumes: ['data:/data'],
        deploy: {
          labels: ['coop-cloud.${STACK_NAME}.version=1.0.0+1', 'coop-cloud.${STACK_NAME}.timeout=${TIMEOUT:-90}'],
          update_config: { monitor: '1s' },
        },
      },
      ...worker,
    },
    volumes: { data: {} },
    configs: { words: { name: '${STACK_NAME}_words_${WORDS_VERSION}', file: 'words.txt' } },
    secrets: {
      token: { external: true, name: '${STACK_NAME}_token_${SECRET_TOKEN_VERSION}' },
      ...(manual ? { certificate: { external: true, name: '${STACK_NAME}_certificate_v1' } } : {}),
    },
  })
}

const ENV = `TYPE=contract
DOMAIN=contract.example.com
THEME=from env
QUOTED='an "odd" $value'
SECRET_TOKEN_VERSION=v1 # length=20
#SECRET_CERTIFICATE_VERSION=v1 # generate=false
`

/** A git repository with a commit for each version, oldest first. */
export async function contractRecipe(): Promise<ContractRecipe> {
  const root = mkdtempSync(join(tmpdir(), 'cc-ci-contract-'))
  const dir = join(root, 'contract')
  mkdirSync(dir)
  const git = (...args: string[]) => execOk('git', args, { cwd: dir, timeoutMs: 60_000, env: inheritedEnv() })
  await git('init', '-q', '-b', 'main')
  const commits = new Map<Version, string>()
  for (const version of VERSIONS) {
    write(dir, {
      'compose.yml': compose(version),
      '.env.sample': ENV,
      'abra.sh': 'export WORDS_VERSION=v1\nhelper() {\n  touch /tmp/never\n}\n',
      'words.txt': version === 'changed-config' ? 'other words' : 'words',
    })
    await commitAll(dir, version)
    commits.set(version, (await exec('git', ['rev-parse', 'HEAD'], { cwd: dir, timeoutMs: 60_000 })).stdout.trim())
  }
  const repo = await openRecipe(dir)
  const stack = `ct-${randomId(6)}_ci_test`
  const app = {
    runId: newRunId(Date.now()),
    recipe: 'contract',
    stack,
    domain: stack.replaceAll('_', '.'),
    repository: dir,
  }
  return {
    dir: root,
    app,
    async release(version) {
      const commit = commits.get(version) ?? ''
      const tree = join(root, `tree-${randomId(4)}`)
      await exportTree(repo, commit, tree)
      const source = { app, tree: await readTree(tree), commit, chaos: true, dirty: false, overlay: null }
      return newAppRelease({ ...source, added: NO_ADDITIONS }, DEFAULTS)
    },
    [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }),
  }
}
