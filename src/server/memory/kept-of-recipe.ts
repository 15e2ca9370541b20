import type { CanonicalManifest } from '../../history/canonicals/contract.ts'
import { generationsIn, newestOfEachVersion } from '../../history/canonicals/folders.ts'
import { readTables } from '../../history/upgrades/store.ts'
import type { UpgradeTable } from '../../history/upgrades/table.ts'
import { compareVersions } from '../../recipe/repository/versions.ts'

/** The data of a released version that later runs begin with. */
export interface KeptCanonical extends Pick<CanonicalManifest, 'version' | 'commit' | 'takenAt' | 'volumes'> {
  /** Id of the run that left it. */
  readonly run: string
  /** What it takes on the disk. */
  readonly storedBytes: number
  /** ISO 8601: when a run had it last, or when it was taken. */
  readonly usedAt: string
}

/** Whether what a run calls its origin is this repository. */
type IsOrigin = (origin: string) => boolean

/**
 * `origins`: of the repository's runs; `url`: of the repository at the forge. Somebody who ran cc-ci by hand may have given it without `.git`, or with a
 * slash at its end.
 */
export function originMatcher(url: string, origins: readonly string[]): IsOrigin {
  const plain = (text: string) =>
    text
      .replace(/\/+$/, '')
      .replace(/\.git$/, '')
      .toLowerCase()
  const known = new Set([url, ...origins].map(plain))
  return (origin) => known.has(plain(origin))
}

/** What is kept on this machine of each version of a recipe, newest version first. What cannot be read is left out: no run gets it. */
export function canonicalsOf(state: string, isOrigin: IsOrigin): readonly KeptCanonical[] {
  return newestOfEachVersion(generationsIn(state))
    .flatMap(({ manifest, runId, storedBytes, usedAt }): KeptCanonical[] => {
      if (!manifest || !isOrigin(manifest.recipe.origin)) return []
      const { version, commit, takenAt, volumes } = manifest
      const used = new Date(usedAt).toISOString()
      return [{ version, commit, takenAt, volumes, run: runId, storedBytes, usedAt: used }]
    })
    .sort((a, b) => compareVersions(b.version, a.version))
}

/** The upgrade tables of a recipe in this state folder, newest first. */
export function upgradeTablesOf(state: string, isOrigin: IsOrigin): readonly UpgradeTable[] {
  return readTables(state).filter(({ recipe }) => isOrigin(recipe.origin))
}
