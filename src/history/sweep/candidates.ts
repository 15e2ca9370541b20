import { mkdir, rm } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { CcCiError, InternalError } from '../../lib/errors.ts'
import type { RecipeRepo } from '../../recipe/model.ts'
import { openRecipe, resolveRef, targetBranch } from '../../recipe/repository/repo.ts'
import { isUrl, withoutCredentials } from '../../recipe/repository/url.ts'
import { finding } from '../../verdict/findings.ts'
import { recipeDir } from './cell-runs.ts'
import type { CandidateHead, SweepCandidate } from './contract.ts'
import { DEFAULT_BRANCH, type ListedRecipe } from './list-file.ts'
import type { SweepFolder, SweepNote } from './record.ts'

/**
 * What each recipe of a list has to be swept of it: its newest release and its heads, as git says it. A recipe that is named by a URL is cloned, for all its
 * cells. What cannot be read is a candidate with that problem; it stops no other.
 */
export async function readCandidates(
  recipes: readonly ListedRecipe[],
  { folder, memoryBytes }: { readonly folder: SweepFolder; readonly memoryBytes: number },
): Promise<{ readonly candidates: SweepCandidate[]; readonly notes: SweepNote[] }> {
  const candidates: SweepCandidate[] = []
  const notes: SweepNote[] = []
  for (const listed of recipes) {
    const remote = isUrl(listed.source)
    const source = remote ? withoutCredentials(listed.source) : listed.source
    const dir = recipeDir(folder, { source, recipe: listed.name })
    const known = {
      ...{ recipe: listed.name, recordedName: basename(dir), source, origin: remote ? source : null },
      memoryBytes: listed.memoryBytes ?? memoryBytes,
    }
    try {
      const repo = await open(listed, dir)
      const { history } = repo
      if (history.kind === 'partial') {
        const message = `${listed.name}: ${history.lacks}, so its newest release may be another: ${history.remedy}`
        notes.push(finding('history-partial', message))
      }
      const newest = repo.versions.at(-1)
      const release = newest ? { tag: newest.tag, commit: newest.commit } : null
      candidates.push({ ...known, release, heads: await headsOf(repo, listed.heads), problem: null })
    } catch (error) {
      if (!(error instanceof CcCiError) || error instanceof InternalError) throw error
      const problem = { code: 'unreadable', text: withoutSecrets(error.message, listed.source, source) } as const
      candidates.push({ ...known, release: null, heads: [], problem })
    }
  }
  return { candidates, notes }
}

/** A recipe that was named and is on no list. */
export function notEnrolled(recipe: string, memoryBytes: number, why: string): SweepCandidate {
  return {
    ...{ recipe, recordedName: basename(recipe), source: recipe, origin: null, memoryBytes, release: null, heads: [] },
    problem: { code: 'not-enrolled', text: why },
  }
}

async function open({ source }: ListedRecipe, dir: string): Promise<RecipeRepo> {
  if (!isUrl(source)) return openRecipe(source)
  await rm(dir, { recursive: true, force: true })
  await mkdir(dirname(dir), { recursive: true, mode: 0o700 })
  return openRecipe(source, { cloneInto: dir })
}

async function headsOf(repo: RecipeRepo, names: readonly string[]): Promise<CandidateHead[]> {
  const heads: CandidateHead[] = []
  for (const name of names) {
    if (name === DEFAULT_BRANCH) {
      const target = await targetBranch(repo)
      const branch = target?.name.replace(/^origin\//, '') ?? repo.head.branch ?? 'HEAD'
      heads.push({ name: branch, commit: target?.commit ?? repo.head.commit })
    } else heads.push({ name, commit: await resolveRef(repo, name).catch(() => null) })
  }
  return [...new Map(heads.map((head) => [head.name, head])).values()]
}

function withoutSecrets(message: string, source: string, shown: string): string {
  return message.replaceAll(source, shown).slice(0, 500)
}
