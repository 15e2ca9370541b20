import { join } from 'node:path'
import { type BackupPlan, backupPlan } from '../backup/labels.ts'
import { type LoadedSettings, loadSettings } from '../config/load.ts'
import type { App, Release } from '../deploy/deployer.ts'
import { RecipeError, RecipeErrors } from '../lib/errors.ts'
import { parsePlace } from '../lib/place.ts'
import { stackName } from '../recipe/app-env.ts'
import type { RecipeRepo, RecipeTree } from '../recipe/model.ts'
import { exportTree, openRecipe, resolveRef } from '../recipe/repo.ts'
import { readTree } from '../recipe/tree.ts'
import type { SkipKind } from '../verdict/events.ts'
import { TIER_IDS, type TierId } from '../verdict/tiers.ts'
import { type BaseChoice, chooseBase } from './base.ts'
import { envNewAtHead, newAppRelease, upgradedRelease } from './release.ts'
import type { RunFolder } from './run-folder.ts'

export interface PlanRequest {
  /** Path, git URL, or a name below `recipesDir`. */
  readonly recipe: string
  /** Default: the work tree as it lies there, uncommitted changes included. */
  readonly ref?: string
  /** `auto`, `none`, or a version or ref. */
  readonly base: string
  /** Tiers to judge; what they need is judged too. Default: all that exist. */
  readonly only?: readonly TierId[]
  /** The operator's folder of settings, `<dir>/<recipe>/cc-ci.yml`. */
  readonly operatorDir?: string
  readonly runId: string
  /** Where checkouts are made; nothing outside it is written. */
  readonly folder: Pick<RunFolder, 'checkout' | 'checkoutBase' | 'tmp'>
}

/** What a run will do and why, computed before anything is touched. */
export interface RunPlan {
  readonly repo: RecipeRepo
  readonly app: App
  readonly settings: LoadedSettings
  readonly headTree: RecipeTree
  /** Head as a new app would get it. */
  readonly head: Release
  readonly base: BaseChoice
  /** Head as the upgrade of the base's app; null without a base. */
  readonly upgrade: Release | null
  /** Keys of head's `.env.sample` that the upgraded app does not get. */
  readonly envNotUpgraded: readonly string[]
  readonly backup: BackupPlan
  readonly selected: readonly TierId[]
  readonly skips: ReadonlyMap<TierId, { readonly kind: SkipKind; readonly reason: string }>
}

/** The tiers that this version of cc-ci can judge; the others are a structural skip with this reason. */
const NOT_YET: Partial<Record<TierId, string>> = {
  functional: 'no custom tests',
  integration: 'no dependency is declared',
  resilience: 'not judged by this version of cc-ci',
}

/** Reads and resolves everything. Throws RecipeError(s) or UsageError for whatever cannot be used. */
export async function planRun(request: PlanRequest): Promise<RunPlan> {
  const { folder } = request
  const repo = await openRecipe(request.recipe, {
    recipesDir: request.operatorDir,
    cloneInto: join(folder.tmp, 'clone'),
  })
  const commit = request.ref === undefined ? repo.head.commit : await resolveRef(repo, request.ref)
  const dirty = request.ref === undefined && repo.head.dirty
  const dir = folder.checkout
  await exportTree(repo, dirty ? 'worktree' : commit, dir)
  const settings = await loadSettings({ recipeDir: dir, recipeName: repo.name, operatorDir: request.operatorDir })
  const app = newApp(repo.name, request.runId)
  const headTree = await readTree(dir)
  const headSource = { app, tree: headTree, commit, chaos: true, dirty }
  const head = await newAppRelease(headSource, settings.settings)
  refuseWithoutApp(head)
  refuseUndefined(head)
  const base = await chooseBase({
    repo,
    app,
    head,
    settings: settings.settings,
    asked: baseAsked(request),
    dir: folder.checkoutBase,
  })
  const upgrade = base.kind === 'base' ? await upgradedRelease(headSource, base.tree, settings.settings) : null
  const backup = backupPlan(head.stack)
  const selected = selectedTiers(request.only)
  return {
    repo,
    app,
    settings,
    headTree,
    head,
    base,
    upgrade,
    envNotUpgraded: base.kind === 'base' ? envNewAtHead(base.tree, headTree, settings.settings) : [],
    backup,
    selected,
    skips: skipsOf({ selected, base, backup, settings }),
  }
}

/** Names carry the run's own randomness, so that no two runs meet; short, because secret names end at 64 characters. */
function newApp(recipe: string, runId: string): App {
  const slug =
    recipe
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-+|-+$/g, '')
      .slice(0, 16)
      .replace(/-+$/, '') || 'recipe'
  const domain = `${slug}-${runId.slice(-6)}.ci.test`
  return { runId, recipe, domain, stack: stackName(domain) }
}

function refuseWithoutApp(head: Release): void {
  if (head.stack.model.services.app) return
  throw new RecipeError('compose-invalid', 'no service is named app', {
    where: head.stack.place(['services']) ?? { file: 'compose.yml' },
    hint: `A Co-op Cloud recipe names its main service app (lint R009). Found: ${Object.keys(head.stack.model.services).join(', ')}.`,
  })
}

/** What head uses but neither defines, documents nor gives a default: operators would deploy an accidental empty text. */
function refuseUndefined(head: Release): void {
  const undefinedVariables = head.stack.findings.filter(({ code }) => code === 'undefined-variable')
  if (undefinedVariables.length === 0) return
  throw new RecipeErrors(
    undefinedVariables.map(
      ({ message, where }) =>
        new RecipeError('compose-invalid', message, {
          ...(where ? { where: parsePlace(where) } : {}),
          // biome-ignore lint/suspicious/noTemplateCurlyInString: compose writes a default like this
          hint: 'Add it to .env.sample (commented is enough), give a default like ${NAME:-}, or set it under `env` in cc-ci.yml.',
        }),
    ),
  )
}

/** Without the upgrade tier there is no reason to deploy the older version first. */
function baseAsked(request: PlanRequest): string {
  return request.only && !request.only.includes('upgrade') ? 'none' : request.base
}

/** What was asked for, what that needs, and the teardown, in the order of the table. */
function selectedTiers(only: readonly TierId[] | undefined): TierId[] {
  if (!only) return TIER_IDS
  const wanted = new Set<TierId>([...only, 'teardown'])
  if (wanted.has('restore')) wanted.add('backup')
  if (only.some((tier) => tier !== 'lint' && tier !== 'teardown')) wanted.add('install')
  return TIER_IDS.filter((tier) => wanted.has(tier))
}

function skipsOf(plan: {
  selected: readonly TierId[]
  base: BaseChoice
  backup: BackupPlan
  settings: LoadedSettings
}): RunPlan['skips'] {
  const skips = new Map<TierId, { kind: SkipKind; reason: string }>()
  const structural = (tier: TierId, reason: string) => skips.set(tier, { kind: 'structural', reason })
  for (const [tier, reason] of Object.entries(NOT_YET)) structural(tier as TierId, reason)
  if (plan.base.kind === 'none')
    skips.set('upgrade', { kind: plan.base.skip ?? 'structural', reason: plan.base.reason })
  const capable = plan.settings.settings.backup.capable
  if (capable === 'auto' ? !plan.backup.capable : !capable) {
    const reason = capable === false ? 'declared: backup.capable is false' : plan.backup.reason
    structural('backup', reason)
    structural('restore', reason)
  }
  for (const [tier, reason] of Object.entries(plan.settings.settings.notApplicable)) {
    skips.set(tier as TierId, { kind: 'declared', reason })
  }
  for (const tier of TIER_IDS) {
    if (!plan.selected.includes(tier)) skips.set(tier, { kind: 'not-selected', reason: 'not selected (--only)' })
  }
  return skips
}
