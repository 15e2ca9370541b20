import semver from 'semver'
import type { RecipeVersion, ResolvedStack } from '../model.ts'
import { gitOk } from './git.ts'

const VERSION = /^(\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?)\+(.+)$/

/** The two halves of `<recipe semver>+<upstream tag>`; null for anything else. */
export function parseVersion(text: string): { recipe: string; upstream: string } | null {
  const match = VERSION.exec(text)
  if (!match?.[1] || !match[2] || !semver.valid(match[1])) return null
  return { recipe: match[1], upstream: match[2] }
}

/** What the tags of a repository say about its releases. */
export interface TaggedVersions {
  /** Oldest first. */
  readonly versions: RecipeVersion[]
  /** Version-like tags that are not annotated, in the same order. */
  readonly lightweightTags: string[]
}

/** Reads the tags of the repository at `dir`: annotated ones of the right form are versions. */
export async function versionsOf(dir: string): Promise<TaggedVersions> {
  const format = '%(refname:short)%00%(objecttype)%00%(*objectname)%00%(*objecttype)'
  const lines = (await gitOk(dir, ['for-each-ref', `--format=${format}`, 'refs/tags'])).split('\n').filter(Boolean)
  const versions: RecipeVersion[] = []
  const lightweightTags: string[] = []
  for (const line of lines) {
    const [tag = '', type, commit = '', peeled] = line.split('\0')
    const halves = parseVersion(tag)
    if (!halves) continue
    if (type === 'tag' && peeled === 'commit') versions.push({ tag, ...halves, commit })
    else lightweightTags.push(tag)
  }
  return {
    versions: versions.sort((a, b) => compareVersions(a.tag, b.tag)),
    lightweightTags: lightweightTags.sort(compareVersions),
  }
}

/**
 * Orders versions by the recipe half as semver, then by the upstream half: number by number where both have numbers, text
 * otherwise. Plain semver ignores what stands behind `+`. Text that is no version sorts first.
 */
export function compareVersions(a: string, b: string): number {
  const left = parseVersion(a)
  const right = parseVersion(b)
  if (!left || !right) return Number(Boolean(left)) - Number(Boolean(right)) || compareText(a, b)
  return semver.compare(left.recipe, right.recipe) || compareUpstream(left.upstream, right.upstream)
}

/** The versions older than `version`, oldest first. */
export function olderThan(versions: readonly RecipeVersion[], version: string): RecipeVersion[] {
  return versions.filter(({ tag }) => compareVersions(tag, version) < 0)
}

/** The value of the label `coop-cloud.<stack>.version` on the service `app`; null without one. */
export function releaseVersionLabel(stack: ResolvedStack): string | null {
  const labels = stack.model.services.app?.deploy?.labels ?? {}
  const entry = Object.entries(labels).find(([key]) => /^coop-cloud\..+\.version$/.test(key))
  return entry?.[1] || null
}

function compareUpstream(a: string, b: string): number {
  const left = pieces(a)
  const right = pieces(b)
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const order = comparePiece(left[i], right[i])
    if (order !== 0) return order
  }
  return compareText(a, b)
}

function pieces(text: string): string[] {
  return text.replace(/^v(?=\d)/, '').match(/\d+|[A-Za-z]+/g) ?? []
}

/** `1.2` is older than `1.2.3`, but newer than `1.2-rc1`: a missing piece loses to a number and wins over a pre-release word. */
function comparePiece(a: string | undefined, b: string | undefined): number {
  if (a === undefined) return b !== undefined && isPrerelease(b) ? 1 : -1
  if (b === undefined) return isPrerelease(a) ? -1 : 1
  const numbers = [a, b].map((piece) => (/^\d/.test(piece) ? BigInt(piece) : null))
  const [x, y] = numbers
  if (x !== null && y !== null && x !== undefined && y !== undefined) return x < y ? -1 : x > y ? 1 : 0
  return compareText(a, b)
}

function isPrerelease(piece: string): boolean {
  return /^(alpha|beta|rc|pre|dev|preview)$/i.test(piece)
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
