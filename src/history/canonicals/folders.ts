import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { isRunId } from '../../lib/ids.ts'
import type { ReleaseKey } from '../../lifecycle/stored-data/canonical.ts'
import { compareVersions } from '../../recipe/repository/versions.ts'
import { type CanonicalManifest, manifestShape } from './contract.ts'

/** One generation of one version as it lies on disk. */
export interface CanonicalGeneration {
  /** Of the version: what is locked. */
  readonly home: string
  /** Of the generation. */
  readonly dir: string
  readonly runId: string
  /** Null: of another format, or damaged. */
  readonly manifest: CanonicalManifest | null
  /** What it takes on the disk. */
  readonly storedBytes: number
  /** Epoch ms: when it was last lent, else when it was taken. */
  readonly usedAt: number
}

export function canonicalsDir(state: string): string {
  return join(state, 'canonicals')
}

export function draftsDir(state: string): string {
  return join(canonicalsDir(state), '.taking')
}

/** Two repositories may give their recipe the same name. */
export function homeOf(state: string, { recipe, origin, version }: Omit<ReleaseKey, 'commit'>): string {
  return join(canonicalsDir(state), recipeFolder({ recipe, origin }), encodeURIComponent(version))
}

function recipeFolder({ recipe, origin }: Pick<ReleaseKey, 'recipe' | 'origin'>): string {
  const mark = createHash('sha256').update(origin).digest('hex').slice(0, 8)
  return `${recipe.replace(/[^A-Za-z0-9_-]/g, '_')}-${mark}`
}

/** When a version was last lent. */
export function usedMark(home: string): string {
  return join(home, 'used')
}

/** Every generation of every version, the newest of each first. */
export function generationsIn(state: string): CanonicalGeneration[] {
  const root = canonicalsDir(state)
  return foldersIn(root)
    .filter((name) => !name.startsWith('.'))
    .flatMap((recipe) => foldersIn(join(root, recipe)).map((version) => join(root, recipe, version)))
    .flatMap(generationsOf)
}

/** The generations of one version, newest first. */
export function generationsOf(home: string): CanonicalGeneration[] {
  return foldersIn(home)
    .filter(isRunId)
    .sort()
    .reverse()
    .map((runId) => {
      const dir = join(home, runId)
      return {
        ...{ home, dir, runId, manifest: readManifest(dir) },
        ...{ storedBytes: sizeOf(dir), usedAt: timeOf(usedMark(home)) ?? timeOf(dir) ?? 0 },
      }
    })
}

/** The one that counts: the newest of its version that can be read. */
export function newestWhole(
  generations: readonly CanonicalGeneration[],
): (CanonicalGeneration & { readonly manifest: CanonicalManifest }) | null {
  return (
    generations.find(
      (generation): generation is CanonicalGeneration & { manifest: CanonicalManifest } => generation.manifest !== null,
    ) ?? null
  )
}

/** What counts of each version: the newest generation that can be read, else the newest. */
export function newestOfEachVersion(all: readonly CanonicalGeneration[]): CanonicalGeneration[] {
  const homes = [...new Set(all.map(({ home }) => home))]
  return homes.flatMap((home) => {
    const generations = all.filter((generation) => generation.home === home)
    return newestWhole(generations) ?? generations[0] ?? []
  })
}

/** Versions of a recipe, newest first. */
export function canonicalVersions(state: string, recipe: Pick<ReleaseKey, 'recipe' | 'origin'>): string[] {
  const dir = join(canonicalsDir(state), recipeFolder(recipe))
  return foldersIn(dir)
    .flatMap((version) => newestWhole(generationsOf(join(dir, version)))?.manifest.version ?? [])
    .sort((a, b) => compareVersions(b, a))
}

export function foldersIn(dir: string): string[] {
  if (!existsSync(dir)) return []
  return readdirSync(dir, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
}

function readManifest(dir: string): CanonicalManifest | null {
  try {
    return manifestShape.parse(JSON.parse(readFileSync(join(dir, 'manifest.json'), 'utf8')))
  } catch {
    return null
  }
}

function sizeOf(dir: string): number {
  return readdirSync(dir, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + (statSync(join(entry.parentPath, entry.name)).size ?? 0), 0)
}

function timeOf(path: string): number | null {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? null
}
