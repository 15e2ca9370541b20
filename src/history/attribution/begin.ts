import { mkdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { UsageError } from '../../lib/errors.ts'
import { newRunId } from '../../lib/ids.ts'
import type { RecipeRepo } from '../../recipe/model.ts'
import { openRecipe } from '../../recipe/repository/repo.ts'
import { isUrl } from '../../recipe/repository/url.ts'
import { cellsOf, type Factor } from './contract.ts'
import {
  commitsBetween,
  parseRange,
  pinnedHead,
  type Range,
  recipeHead,
  resolveRecipeRange,
  resolveToolRange,
} from './range.ts'
import { type AttributionFolder, type AttributionRecord, attributionFolder } from './record.ts'
import { lastRecorded } from './recorded.ts'

/** Runs a cell may take, those without a judgement included, when no bound is given. */
const RUNS_A_CELL = 6
/** Runs for each step of a search. */
const RUNS_A_STEP = 3

export interface AttributionRequest {
  readonly stateDir: string
  /** The recipe as a person names it. */
  readonly recipe: string
  readonly recipesDir?: string
  /** `OLD..NEW`; at least one of the two. */
  readonly tool?: string
  readonly ref?: string
  /** The folder of the repository of cc-ci. */
  readonly repository: string
  /** More flags of each `cc-ci test`. */
  readonly flags: readonly string[]
  /** Default: six a cell, and three for each step of a search. */
  readonly runs?: number
  readonly timeoutMs: number
  readonly bisect: boolean
  readonly now: number
  /** Default: a new one. */
  readonly id?: string
  /** Where cc-ci does not move: run this build as it lies here, instead of a checkout of its commit. */
  readonly asIs?: boolean
  /** The recorded old result, where the caller has one; null: none. Default: what the state folders here remember. */
  readonly recorded?: AttributionRecord['recorded']
}

/**
 * Reads what is asked for and gives the record of an attribution that has not begun; only a recipe that is named by a URL leaves something on disk, its
 * clone. Throws UsageError for whatever is wrong with the question: `nothing-moved`, `bad-range`, `equal-ends`, `dirty-tree`, `not-a-line`, ...
 */
export async function beginAttribution(
  request: AttributionRequest,
): Promise<{ folder: AttributionFolder; record: AttributionRecord }> {
  const { stateDir, now, bisect } = request
  const moved: Factor[] = [
    ...(request.tool === undefined ? [] : ['tool' as const]),
    ...(request.ref === undefined ? [] : ['ref' as const]),
  ]
  if (moved.length === 0) {
    throw new UsageError('nothing-moved', 'neither --tool nor --ref is given: there is nothing to tell apart', {
      hint: 'Give --ref OLD..NEW for commits of the recipe, --tool OLD..NEW for commits of cc-ci, or both.',
    })
  }
  const ranges = {
    tool: request.tool === undefined ? null : parseRange(request.tool, '--tool'),
    ref: request.ref === undefined ? null : parseRange(request.ref, '--ref'),
  }
  const tool = ranges.tool ? await resolveToolRange(request.repository, ranges.tool) : await heldTool(request)
  const id = request.id ?? newRunId(now)
  const folder = attributionFolder(stateDir, id)
  try {
    const repo = await open(request, folder)
    const ref = ranges.ref ? await resolveRecipeRange(repo, ranges.ref) : recipeHead(repo)
    const lines = bisect
      ? {
          tool: ranges.tool ? await commitsBetween(request.repository, tool as Range) : null,
          ref: ranges.ref ? await commitsBetween(repo.dir, ref) : null,
        }
      : null
    const record: AttributionRecord = {
      ...{ schema: 1, id, startedAt: new Date(now).toISOString(), status: 'running', why: null },
      recipe: { name: repo.name, dir: repo.dir, origin: repo.origin, ...ref },
      tool: { repository: tool === null ? null : request.repository, old: tool?.old ?? null, new: tool?.new ?? null },
      ...{ moved, flags: [...request.flags], lines, spentMs: 0 },
      bounds: { runs: request.runs ?? defaultRuns(moved, lines), deadlineMs: request.timeoutMs },
      recorded: request.recorded === undefined ? lastRecorded(stateDir, tool?.old ?? null, ref.old) : request.recorded,
      ...{ current: null, runs: [], decision: null, bisection: null },
    }
    return { folder, record }
  } catch (error) {
    await rm(folder.dir, { recursive: true, force: true })
    throw error
  }
}

async function heldTool({ repository, asIs }: AttributionRequest): Promise<Range | null> {
  if (asIs) return null
  const head = await pinnedHead(repository)
  return head === null ? null : { old: head, new: head }
}

function defaultRuns(moved: readonly Factor[], lines: AttributionRecord['lines']): number {
  const longest = Math.max(2, lines?.tool?.length ?? 0, lines?.ref?.length ?? 0)
  const steps = lines === null ? 0 : Math.ceil(Math.log2(longest - 1)) + 2
  return cellsOf(moved).length * RUNS_A_CELL + steps * RUNS_A_STEP + (moved.length === 1 ? RUNS_A_CELL : 0)
}

/** A recipe on this machine is read where it lies, by its commits; one elsewhere is cloned once, for all cells. */
async function open({ recipe, recipesDir }: AttributionRequest, folder: AttributionFolder): Promise<RecipeRepo> {
  if (!isUrl(recipe)) return openRecipe(recipe, { recipesDir })
  const cloneInto = join(folder.recipe, 'clone')
  await mkdir(folder.recipe, { recursive: true, mode: 0o700 })
  const repo = await openRecipe(recipe, { cloneInto })
  const dir = join(folder.recipe, repo.name)
  await rename(cloneInto, dir)
  return { ...repo, dir }
}
