import { existsSync } from 'node:fs'
import { chmod, cp, lstat, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join, normalize } from 'node:path'
import { RecipeError } from '../../lib/errors.ts'
import { readAbraExports } from '../../recipe/files/abra-exports.ts'
import { git, gitOk, uploadArgs } from '../../recipe/repository/git.ts'
import type { App, Release } from '../deployer.ts'
import { envFile } from './env-file.ts'
import { RUN_FILE, type RunFile, withVersion } from './overlay.ts'
import { ABRA } from './versions.ts'

const CLONE_DEADLINE_MS = 120_000

/** What abra runs after its operations, of abra.sh, also on the machine on which it runs itself. */
const COMMANDS = /^POST_[A-Z_]+_CMDS$/

/** The ABRA_DIR of one app: nothing of it is shared with another run, or with whoever uses abra here. */
export interface AbraHome {
  readonly dir: string
  readonly recipeDir: string
  readonly envFile: string
}

/** `root`: a folder of the run that goes with it. */
export function abraHome(root: string, { stack, recipe, domain }: App): AbraHome {
  const dir = join(root, stack)
  const { server, recipes } = ABRA.folders
  return {
    dir,
    recipeDir: join(dir, recipes, recipeName(recipe)),
    envFile: join(dir, server, `${domain}.env`),
  }
}

/** As abra names the folder of a recipe that has dots or slashes. */
function recipeName(recipe: string): string {
  return recipe.replace(/[^A-Za-z0-9_-]/g, '_')
}

/**
 * The recipe's clone, whose HEAD is the commit of the release and whose files are those that were planned, and the app's env file. Called again with another release of the same app,
 * it has that one.
 */
export async function writeRelease(home: AbraHome, release: Release, file: RunFile): Promise<readonly string[]> {
  await prepareFolders(home)
  await cloneOnce(home, release.app.repository)
  await moveTo(home, release)
  return writeRunFile(home, release, file)
}

/** What abra must find of an app that is not deployed yet: its env file, and the recipe. */
async function prepareFolders({ dir, envFile: file }: AbraHome): Promise<void> {
  const { server, recipes, catalogue } = ABRA.folders
  for (const folder of [server, recipes, catalogue]) await mkdir(join(dir, folder), { recursive: true, mode: 0o700 })
  const index = join(dir, catalogue, 'recipes.json')
  if (!existsSync(index)) await writeFile(index, '{}\n')
  if (!existsSync(file)) await writeFile(file, '', { mode: 0o600 })
}

async function cloneOnce({ dir, recipeDir }: AbraHome, repository: string): Promise<void> {
  if (existsSync(recipeDir)) return
  const args = ['clone', '--quiet', '--no-checkout', '--no-recurse-submodules', '--template=']
  await gitOk(dir, [...args, ...uploadArgs(repository), '--', repository, recipeDir], {
    timeoutMs: CLONE_DEADLINE_MS,
    protocols: ['file'],
  })
}

/** The index and HEAD are the commit's; the files are those of the run's checkout, which has no filter or attribute of git applied. */
async function moveTo({ recipeDir }: AbraHome, { app, commit, dir }: Release): Promise<void> {
  const known = await git(recipeDir, ['cat-file', '-e', `${commit}^{commit}`])
  if (known.exitCode !== 0) {
    const args = ['fetch', '--quiet', '--no-tags', ...uploadArgs(app.repository), '--', app.repository, commit]
    await gitOk(recipeDir, args, { timeoutMs: CLONE_DEADLINE_MS, protocols: ['file'] })
  }
  await gitOk(recipeDir, ['update-ref', '--no-deref', 'HEAD', commit])
  await gitOk(recipeDir, ['read-tree', '--reset', commit])
  for (const name of await readdir(recipeDir))
    if (name !== '.git') await rm(join(recipeDir, name), { recursive: true, force: true })
  await cp(dir, recipeDir, { recursive: true, verbatimSymlinks: true })
}

/** Gives what had to be changed besides. */
async function writeRunFile(home: AbraHome, release: Release, file: RunFile): Promise<string[]> {
  const { recipeDir } = home
  const path = join(recipeDir, RUN_FILE)
  if (await lstat(path).catch(() => null))
    throw new RecipeError('config-invalid', `the recipe has a file ${RUN_FILE} of its own`, {
      where: { file: RUN_FILE },
      hint: 'With --deployer abra cc-ci writes that file into its own clone: give it another name.',
    })
  await writeFile(path, file.text)
  const { files } = release.stack
  const selected = file.kind === 'overlay' ? [...files, RUN_FILE] : [RUN_FILE]
  const notRun = [...release.env.keys()].filter((name) => COMMANDS.test(name))
  const notes = [
    ...(file.kind === 'overlay' && file.version !== null ? await raiseVersions(recipeDir, files, file.version) : []),
    ...(await writeExports(recipeDir, release)),
    ...notRun.map((name) => `${name}: not run, because its commands are programs of the recipe`),
  ]
  const own = [...release.env].filter(([name]) => !COMMANDS.test(name))
  const env = new Map([...own, ['COMPOSE_FILE', selected.join(':')]])
  await writeFile(home.envFile, envFile(env, recipeName(release.app.recipe)))
  await chmod(home.envFile, 0o600)
  return notes
}

/** Files of different versions are not merged. */
async function raiseVersions(recipeDir: string, files: readonly string[], version: string): Promise<string[]> {
  const raised: string[] = []
  for (const file of files) {
    const path = join(recipeDir, file)
    const text = await readFile(path, 'utf8')
    const changed = withVersion(text, version)
    if (changed === text || changed.replaceAll(/["']/g, '') === text.replaceAll(/["']/g, '')) continue
    await writeFile(path, changed)
    raised.push(file)
  }
  return raised.length === 0
    ? []
    : [`${raised.join(', ')}: read as version ${version} of compose files, which bounds the number of processes`]
}

/**
 * abra.sh as nothing but its exports, with the values of the app: an operator's own settings win over it here, and its functions are programs that a pull request
 * brings, which nothing on this machine must run.
 */
async function writeExports(recipeDir: string, { env, stack }: Release): Promise<string[]> {
  const path = join(recipeDir, 'abra.sh')
  const text = await readFile(path, 'utf8').catch(() => null)
  if (text === null) return []
  const mounted = Object.entries(stack.model.configs).find(([, { file }]) => file && normalize(file) === 'abra.sh')
  if (mounted)
    throw new RecipeError(
      'config-invalid',
      `the config ${mounted[0]} mounts abra.sh, which --deployer abra must change`,
      {
        where: stack.place(['configs', mounted[0]]) ?? { file: 'compose.yml' },
        hint: 'Mount a file of its own, or test with --deployer native.',
      },
    )
  const exports = [...readAbraExports(text)]
  const overruled = exports.filter(([name, { value }]) => env.has(name) && env.get(name) !== value)
  const lines = exports.map(([name, { value }]) => `export ${name}=${word(env.get(name) ?? value)}\n`)
  await rm(path)
  await writeFile(path, lines.join(''))
  return [
    'abra.sh: its exports alone, because nothing of it is run',
    ...(overruled.length > 0 ? [`abra.sh: ${overruled.map(([name]) => name).join(', ')} as the settings say`] : []),
  ]
}

function word(value: string): string {
  return /^[A-Za-z0-9_.:,@%/+-]*$/.test(value) ? value : `'${value.replaceAll("'", `'\\''`)}'`
}
