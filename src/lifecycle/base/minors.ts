import { parseVersion } from '../../recipe/repository/versions.ts'

interface Released {
  readonly version: string
}

/** Of releases in the order of their versions, newest first, the newest of each minor version of the recipe, in the same order. */
export function newestOfMinors<T extends Released>(releases: readonly T[]): T[] {
  const seen = new Set<string>()
  return releases.filter(({ version }) => {
    const minor = minorOf(version)
    if (minor === null || seen.has(minor)) return false
    seen.add(minor)
    return true
  })
}

/** `1.2` of `1.2.3+4.5.6`: the first half counts, which is about what an upgrade means for operators. Null for what is no version. */
export function minorOf(version: string): string | null {
  const halves = parseVersion(version)
  return (halves && /^\d+\.\d+/.exec(halves.recipe)?.[0]) || null
}
