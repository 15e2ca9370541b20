import type { Dirent } from 'node:fs'
import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { RecipeError } from '../lib/errors.ts'
import { invalid } from './invalid.ts'
import type { CustomFolder } from './own-file.ts'
import type { CodeSide } from './source.ts'

/** One file of custom tests. */
export interface Spec {
  readonly side: CodeSide
  /** Relative to the side's folder. */
  readonly file: string
  /** The operation after which it runs; `custom`: the functional tests. */
  readonly kind: 'install' | 'upgrade' | 'backup' | 'restore' | 'custom'
  readonly shown: string
}

const SPEC_LIKE = /\.(spec|test)\.[cm]?[jt]sx?$/i
const LIFECYCLE = /^tests\/(install|upgrade|backup|restore)\.spec\.ts$/
const CUSTOM = /^tests\/custom\/.+\.spec\.ts$/
const RULE =
  'Only tests/{install,upgrade,backup,restore}.spec.ts and tests/custom/**/*.spec.ts of a cc-ci folder are run: move it there, or rename it.'

/** More than a recipe has; a tree without end must not hold up a plan. */
const MAX_ENTRIES = 50_000
const MAX_DEPTH = 40

/** The specs of a folder, in order of their paths. A test at any other place would silently not run: an error for each, and for each link. */
export async function specsOf(folder: CustomFolder, errors: RecipeError[]): Promise<Spec[]> {
  const { side, dir, shown } = folder
  const specs: Spec[] = []
  for (const { path, entry } of await entriesOf(dir, shown, errors)) {
    const at = { file: join(shown, path) }
    if (entry.isSymbolicLink())
      errors.push(invalid('is a link', at, 'Links are not followed: put the file itself there.'))
    else if (SPEC_LIKE.test(entry.name)) {
      const kind = kindOf(path)
      if (kind && entry.isFile()) specs.push({ side, file: path, kind, shown: at.file })
      else errors.push(invalid('is a test at a place where tests are not run', at, RULE))
    }
  }
  return specs
}

/**
 * Files at the top of the recipe that would be run if they lay below `cc-ci/`. All other tests there are the application's own, and nobody's
 * business here.
 */
export async function misplacedSpecs(recipeDir: string): Promise<string[]> {
  const dir = join(recipeDir, 'tests')
  if (!(await lstat(dir).catch(() => null))?.isDirectory()) return []
  const entries = await entriesOf(dir, 'tests', [])
  const files = entries.flatMap(({ path, entry }) => (entry.isFile() ? [`tests/${path}`] : []))
  return files.filter((file) => kindOf(file) !== null)
}

function kindOf(path: string): Spec['kind'] | null {
  const [, operation] = LIFECYCLE.exec(path) ?? []
  if (operation) return operation as Spec['kind']
  return CUSTOM.test(path) ? 'custom' : null
}

interface Entry {
  /** Relative to the folder, with `/`. */
  readonly path: string
  readonly entry: Dirent
}

async function entriesOf(dir: string, shown: string, errors: RecipeError[]): Promise<Entry[]> {
  const found: Entry[] = []
  const folders = ['']
  for (let folder = folders.shift(); folder !== undefined; folder = folders.shift()) {
    const entries = (await readdir(join(dir, folder), { withFileTypes: true })).sort((a, b) =>
      a.name < b.name ? -1 : 1,
    )
    for (const entry of entries) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`
      if (entry.name === '.git' || entry.name === 'node_modules') continue
      found.push({ path, entry })
      if (entry.isDirectory()) folders.push(path)
    }
    if (found.length > MAX_ENTRIES || folder.split('/').length > MAX_DEPTH) {
      errors.push(invalid(`has more than ${MAX_ENTRIES} files or ${MAX_DEPTH} levels`, { file: shown }))
      return []
    }
  }
  return found.sort((a, b) => (a.path < b.path ? -1 : 1))
}
