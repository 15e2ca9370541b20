import { existsSync, statSync } from 'node:fs'
import { access, constants, mkdir, readdir, realpath } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { InternalError, messageOf, UsageError } from '../../lib/errors.ts'
import { didYouMean } from '../../lib/text/did-you-mean.ts'
import type { RecipeRepo } from '../model.ts'
import { git, gitOk, TRANSPORTS, uploadArgs, withoutFilters } from './git.ts'
import { knownHistory } from './history.ts'
import { assertReadable } from './ownership.ts'
import { isFetchable, isUrl, withoutCredentials } from './url.ts'
import { versionsOf } from './versions.ts'

export { exportTree } from './export.ts'
export { wholeHistory } from './history.ts'
export { isWithin, resolveRef, resolveRelease, type TargetBranch, tagsAfter, tagsWithin, targetBranch } from './ref.ts'

const CLONE_DEADLINE_MS = 300_000

export interface OpenOptions {
  /** Folder with one recipe repository per name. */
  readonly recipesDir?: string
  /** The folder that becomes the clone when the recipe is a URL; must not exist yet, or be empty. */
  readonly cloneInto?: string
  /** The URL that a folder was cloned from, where it shall be named instead of the folder. */
  readonly origin?: string
}

/**
 * Opens a recipe by path, git URL, or name inside `recipesDir` (an existing path wins over a name). Throws UsageError:
 * `recipe-not-found`, `recipe-unreadable`, `not-a-recipe`, `not-a-repository`, `foreign-repository`, `no-commits`, `clone-failed`.
 */
export async function openRecipe(dirOrUrl: string, options: OpenOptions = {}): Promise<RecipeRepo> {
  if (dirOrUrl === '' || dirOrUrl.startsWith('-') || dirOrUrl.includes('\0')) {
    throw new UsageError('recipe-not-found', `"${dirOrUrl}" is not a recipe`, {
      hint: 'Give a path, a git URL, or a name.',
    })
  }
  if (isUrl(dirOrUrl)) {
    const dir = await clone(dirOrUrl, options.cloneInto)
    return describe(dir, nameOfUrl(dirOrUrl), withoutCredentials(dirOrUrl))
  }
  const dir = await findFolder(dirOrUrl, options.recipesDir)
  return describe(dir, basename(dir), options.origin === undefined ? dir : withoutCredentials(options.origin))
}

async function findFolder(text: string, recipesDir: string | undefined): Promise<string> {
  const direct = resolve(text)
  const named =
    recipesDir !== undefined && !text.includes('/') && text !== '.' && text !== '..'
      ? join(recipesDir, text)
      : undefined
  const found = [direct, ...(named ? [resolve(named)] : [])].find((path) => existsSync(path))
  if (!found) throw await notFound(text, recipesDir)
  if (!statSync(found).isDirectory()) {
    throw new UsageError('not-a-recipe', `${found} is a file`, {
      hint: 'Name the folder of the recipe, not a file in it.',
    })
  }
  try {
    await access(found, constants.R_OK | constants.X_OK)
  } catch (error) {
    throw new UsageError('recipe-unreadable', `${found} cannot be read: ${messageOf(error)}`, {
      hint: 'Check its permissions.',
    })
  }
  return realpath(found)
}

async function notFound(text: string, recipesDir: string | undefined): Promise<UsageError> {
  const known = recipesDir && existsSync(recipesDir) ? await readdir(recipesDir) : []
  return new UsageError('recipe-not-found', `there is no recipe "${text}"`, {
    hint: `Looked at ${resolve(text)}${recipesDir ? ` and in ${recipesDir}` : ''}.${didYouMean(text, known)}`,
  })
}

async function clone(url: string, into: string | undefined): Promise<string> {
  if (!isFetchable(url)) {
    throw new UsageError(
      'recipe-not-found',
      `cannot fetch "${withoutCredentials(url)}": this kind of URL is not allowed`,
      {
        hint: 'Use https://, ssh://, git:// or file://, or user@host:path.',
      },
    )
  }
  if (into === undefined) throw new InternalError('clone-without-folder', 'a URL needs options.cloneInto')
  await mkdir(into, { recursive: true })
  const args = ['clone', '--quiet', '--no-recurse-submodules', '--template=', ...uploadArgs(url), '--', url, into]
  const result = await git(into, args, { timeoutMs: CLONE_DEADLINE_MS, protocols: TRANSPORTS })
  if (result.exitCode === 0) return realpath(into)
  const words = result.stderr.trim().replaceAll(url, withoutCredentials(url)).split('\n').slice(-4).join('\n')
  throw new UsageError('clone-failed', `cannot clone ${withoutCredentials(url)}: ${words || 'git gave up in time'}`, {
    hint: 'Check the address, and that this machine may read the repository without being asked for a password.',
  })
}

async function describe(dir: string, name: string, origin: string): Promise<RecipeRepo> {
  await assertOwnRepository(dir)
  const head = await git(dir, ['rev-parse', '--verify', '--quiet', 'HEAD^{commit}'])
  if (head.exitCode !== 0) {
    throw new UsageError('no-commits', `${dir} has no commit yet`, {
      hint: 'Commit the recipe first: git add -A && git commit.',
    })
  }
  if (!existsSync(join(dir, 'compose.yml'))) {
    throw new UsageError('not-a-recipe', `${dir} has no compose.yml`, { hint: 'A recipe has compose.yml at its top.' })
  }
  const branch = await git(dir, ['symbolic-ref', '--quiet', '--short', 'HEAD'])
  const status = await gitOk(dir, ['status', '--porcelain', '--untracked-files=normal', '--ignore-submodules=all'], {
    config: await withoutFilters(dir),
  })
  const tagged = await versionsOf(dir)
  return {
    name,
    dir,
    origin,
    history: await knownHistory(dir, tagged),
    head: { commit: head.stdout.trim(), dirty: status.trim() !== '', branch: branch.stdout.trim() || null },
    ...tagged,
  }
}

/** A folder inside somebody else's repository is not a recipe repository: its tags and commits would be the wrong ones. */
async function assertOwnRepository(dir: string): Promise<void> {
  const top = await git(dir, ['rev-parse', '--show-toplevel'])
  const own = top.exitCode === 0 && (await realpath(top.stdout.replace(/\n$/, ''))) === dir
  if (own) return
  if (top.exitCode !== 0) await assertReadable(dir)
  if (existsSync(join(dir, 'compose.yml'))) {
    throw new UsageError('not-a-repository', `${dir} is not a git repository`, {
      hint: 'cc-ci tests commits and releases: run git init there and commit the recipe.',
    })
  }
  throw new UsageError('not-a-recipe', `${dir} has no compose.yml and is not a git repository`, {
    hint: 'Give the folder of a recipe: a git repository with compose.yml, .env.sample and abra.sh.',
  })
}

function nameOfUrl(url: string): string {
  const last = withoutCredentials(url).replace(/\/+$/, '').split(/[/:]/).at(-1) ?? ''
  return (
    last
      .replace(/\.git$/, '')
      .replace(/[^\w.-]/g, '_')
      .replace(/^\.+/, '') || 'recipe'
  )
}
