import { join } from 'node:path'
import { type BackupPlan, backupPlan } from '../backup/labels.ts'
import { type RecipeCustomization, readCustomization } from '../config/customization.ts'
import { type App, NO_ADDITIONS, type Release } from '../deploy/deployer.ts'
import { memoryShare, type RunMemory, runMemory } from '../deploy/run-memory.ts'
import { machineProcesses } from '../deploy/run-processes.ts'
import { PROVIDER_NAMES } from '../deps/names.ts'
import type { Approval } from '../gate/approvals.ts'
import { approvalFor } from '../gate/approved.ts'
import { type ApprovedCode, allowApproved } from '../gate/approved-code.ts'
import { debugLog } from '../lib/debug.ts'
import { RecipeError, UsageError } from '../lib/errors.ts'
import { readTree } from '../recipe/files/tree.ts'
import type { RecipeRepo, RecipeTree, ResolvedStack } from '../recipe/model.ts'
import { exportTree, openRecipe, resolveRef, wholeHistory } from '../recipe/repository/repo.ts'
import { stackName } from '../recipe/stack/app-env.ts'
import { composeFiles } from '../recipe/stack/resolve.ts'
import type { BaseRef, Expectations, Finding } from '../verdict/events.ts'
import { finding } from '../verdict/findings.ts'
import { ATTACHABLE, type TierId, USUAL_TIERS, withNeeds } from '../verdict/tiers.ts'
import { type BaseChoice, lastBefore } from './base/base-choice.ts'
import { chooseBase, comparedByLint } from './base/choose-base.ts'
import { type Loss, lossesOf, releaseSurface } from './judging/regression.ts'
import { applyOverlay, refuseOverlayImages } from './planning/overlay.ts'
import { type PolicyRefusal, policyRefusals } from './planning/policy.ts'
import { type Quarantine, quarantineOf } from './planning/quarantine.ts'
import { envNewAtHead, newAppRelease, type ReleaseSource, type Upgrade, upgradeOf } from './planning/release.ts'
import { memoryFindings, type ProcessShare, type RunBounds, withBounds } from './planning/run-bounds.ts'
import { overruledDeclarations, type Skip, selectedTiers, skipsOf, specsNotRun } from './planning/selection.ts'
import type { RunFolder } from './run-folder.ts'
import { type CanonicalUse, canonicalOf, reattachReason } from './stored-data/canonical.ts'
import { type ResumedRun, remainingTiers } from './stored-data/checkpoint.ts'

export interface PlanRequest {
  /** Path, git URL, or a name below `recipesDir`. */
  readonly recipe: string
  /** URL of the repository that `recipe` is a clone of. Default: what `recipe` names. */
  readonly origin?: string
  /** Default: the work tree as it lies there, uncommitted changes included. */
  readonly ref?: string
  /** `auto`, `none`, a version or ref, or a chain of them. */
  readonly base: string
  /** One of several bases that head is upgraded from: what cannot be deployed says nothing of head. */
  readonly oneOfSeveral?: boolean
  /** Tiers to judge; what they need is judged too. Default: all that exist. */
  readonly only?: readonly TierId[]
  /** The tiers are those of `--quick`. */
  readonly quick?: boolean
  /** After all else the version before is put back, with its backup from before the upgrade. Default: as the settings say, where all tiers are judged. */
  readonly rollback?: boolean
  /** The data that the base gets; its app is this run's app. See `planWithCanonical`. */
  readonly canonical?: Extract<CanonicalUse, { canonical: unknown }>
  /** The failed run to continue from; its app is this run's app. */
  readonly resume?: ResumedRun
  /** The operator's folder of settings, `<dir>/<recipe>/cc-ci.yml`. */
  readonly operatorDir?: string
  readonly runId: string
  /** Where checkouts are made; nothing outside it is written. */
  readonly folder: Pick<RunFolder, 'checkout' | 'checkoutBase' | 'checkoutVia' | 'tmp'>
  /** What the operator has approved; default: nothing. */
  readonly approvals?: readonly Approval[]
  /** The caller approves this recipe's code as it lies there, for this run alone. */
  readonly approveOnce?: boolean
  /** Codes of the compose policy that the caller allows, besides the operator's settings. */
  readonly allow?: readonly string[]
  /** What the app may have of the machine's memory; default: see `runMemory`. */
  readonly memory?: RunMemory
  /** What it may have of the machine's processes; default: see `machineProcesses`. */
  readonly processes?: ProcessShare
  /** The app of a kept run to look at instead of deploying one. */
  readonly attach?: AttachedRun
  /** Of the custom tests only those whose titles match this regular expression; with `attach`. */
  readonly grep?: string | undefined
  /** The stack of the run's app, when this is an app that it depends on: its own stack is named below that one. */
  readonly below?: string
  /** What earlier runs of this recipe took, by its name; default: nobody remembers any. */
  readonly remembered?: (recipe: string) => Expectations | null
  /** Settings and code to go by instead of those that lie beside `ref`. */
  readonly custom?: RunPlan['custom']
}

/** The app that another run left up. */
export interface AttachedRun {
  readonly runId: string
  /** Of that run. */
  readonly folder: RunFolder
  readonly domain: string
  readonly stack: string
  readonly commit: string
  /** Host name of the node that it is on, in a Swarm of several. */
  readonly node?: string
}

/** What a run will do and why, computed before anything is touched and without running anything of the recipe. */
export interface RunPlan extends Upgrade {
  /** With the history that it has, or that was fetched for it. */
  readonly repo: RecipeRepo
  readonly app: App
  readonly settings: RecipeCustomization
  /** What was found beside the recipe, and what of it may run. */
  readonly custom: { readonly found: RecipeCustomization; readonly admitted: ApprovedCode }
  readonly headTree: RecipeTree
  readonly headSource: ReleaseSource
  /** Head as a new app would get it. */
  readonly head: Release
  /** Head as its repository has it, without a CI overlay: what lint looks at. */
  readonly pristine: Release
  readonly base: BaseChoice
  /** What lint compares head with: the base, wanted or not. */
  readonly lintBase: BaseRef | null
  /** Keys of head's `.env.sample` that the upgraded app does not get. */
  readonly envNotUpgraded: readonly string[]
  /** What the base offers and head does not, by their files. */
  readonly losses: readonly Loss[]
  readonly backup: BackupPlan
  readonly selected: readonly TierId[]
  readonly skips: ReadonlyMap<TierId, Skip>
  /** What the compose files ask of the engine and may not have; not empty: nothing is deployed. */
  readonly policy: readonly PolicyRefusal[]
  /** Codes of the compose policy that the operator allows. */
  readonly allowed: readonly string[]
  /** What the operator lets decide nothing in this run. */
  readonly quarantine: Quarantine
  readonly memory: RunBounds['memory']
  readonly processes: RunBounds['processes']
  /** What earlier runs took; null: none is remembered. */
  readonly expected: Expectations | null
  readonly findings: readonly Finding[]
  readonly attached: AttachedRun | null
  readonly canonical: CanonicalUse
  /** The run that this one continues from; null: it is one of its own. */
  readonly resumed: ResumedRun | null
  readonly request: PlanRequest
}

/** The commit under test; its files lie in the run's checkout. */
export interface Head {
  /** With the history that it has, or that was fetched for it. */
  readonly repo: RecipeRepo
  /** As it was opened: what may run is asked of the repository of the operator, never of what its origin had. */
  readonly opened: RecipeRepo
  readonly commit: string
  /** The work tree as it lies there, with more than the commit. */
  readonly worktree: boolean
}

const debug = debugLog('plan')

/** Throws UsageError for a recipe or ref that is not there. */
export async function checkOutHead(request: PlanRequest): Promise<Head> {
  const { folder } = request
  const opened = await openRecipe(request.recipe, {
    recipesDir: request.operatorDir,
    cloneInto: join(folder.tmp, 'clone'),
    origin: request.origin,
  })
  const repo = request.attach ? opened : await wholeHistory(opened, join(folder.tmp, 'history'))
  const commit = request.ref === undefined ? repo.head.commit : await resolveRef(repo, request.ref)
  const worktree = request.ref === undefined && repo.head.dirty
  debug('head checked out', { recipe: repo.name, commit, worktree, history: repo.history.kind })
  await exportTree(worktree ? opened : repo, worktree ? 'worktree' : commit, folder.checkout)
  return { repo, opened, commit, worktree }
}

/** Reads and resolves everything. Throws RecipeError(s) or UsageError for whatever cannot be used. */
export async function planRun(request: PlanRequest): Promise<RunPlan> {
  return planHead(await checkOutHead(request), request)
}

/** The same of what is checked out already. */
export async function planHead(checkedOut: Head, request: PlanRequest): Promise<RunPlan> {
  const { repo, commit, worktree } = checkedOut
  const { folder } = request
  const custom = request.custom ?? (await customOf(request, checkedOut))
  const { settings, overlay } = custom.found
  const app = appOf(repo, request)
  const resumed = request.resume ?? null
  const secretValues = resumed?.checkpoint.data.secrets.values ?? NO_ADDITIONS.secretValues
  const tree = await readTree(folder.checkout)
  const headSource = {
    app,
    tree,
    commit,
    chaos: true,
    dirty: worktree,
    overlay: overlay?.shown ?? null,
    added: { ...NO_ADDITIONS, secretValues, rawSockets: request.allow?.includes('raw-sockets') ?? false },
  }
  const { head: unbounded, pristine } = await headRelease(headSource, custom.found)
  const canonical = request.canonical ?? ({ kind: 'none' } as const)
  const question = {
    ...{ repo, app, head: unbounded, settings, overlay, requested: requestedBase(request) },
    ...{ dir: folder.checkoutBase, viaDir: folder.checkoutVia },
    ...{ canonical: canonicalOf(canonical), secretValues },
  }
  const chosen = await chooseBase(question)
  debug('base chosen', { kind: chosen.kind, considered: chosen.considered })
  const lintBase = await comparedByLint(chosen, question)
  const { upgradeFaults, ...made } = await upgradeOf(headSource, chosen.kind === 'base' ? chosen.tree : null, settings)
  const { head, base, upgrade, memory, processes } = withBounds(
    { head: unbounded, base: chosen, ...made },
    shareOfMachine(request, settings),
  )
  const backup = backupPlan(head.stack)
  const wanted = selectedTiers(selectionOf(request), {
    attached: request.attach !== undefined,
    also: (request.rollback ?? (settings.upgrade.rollback && !request.only)) ? ['rollback'] : [],
  })
  const selected = resumed ? remainingTiers(wanted, resumed) : wanted
  const skips = skipsOf({
    ...{ selected, base, backup },
    ...{ settings: custom.found, admitted: custom.admitted, attached: request.attach !== undefined },
    ...{ quick: request.quick === true, reattached: reattachReason(canonical), resumed },
  })
  debug('tiers selected', { selected, skips: Object.fromEntries(skips) })
  const quarantine = quarantineOf(settings, request.runId)
  const allowed = [...settings.policy.allow, ...(request.allow ?? [])]
  return {
    ...{
      repo,
      app,
      settings: custom.found,
      custom,
      headTree: tree,
      headSource,
      head,
      pristine,
      base,
      lintBase,
      upgrade,
      upgradeFaults,
      allowed,
    },
    envNotUpgraded: base.kind === 'base' ? envNewAtHead(base.tree, tree, settings) : [],
    losses: base.kind === 'base' && upgrade ? lossesOf(releaseSurface(lastBefore(base)), releaseSurface(upgrade)) : [],
    ...{ backup, selected, skips, quarantine, memory, processes },
    expected: request.remembered?.(repo.name) ?? null,
    policy: policyRefusals({ head, base, upgrade, allowed, most: settings.policy.most }),
    findings: [
      ...historyFindings(repo),
      ...quickRun(request, skips),
      ...resumedRun(resumed, skips),
      ...filteredRun(request),
      ...overruledDeclarations(custom.found, skips),
      ...specsNotRun(custom.found),
      ...quarantine.findings,
      ...memoryFindings(head, memory),
    ],
    attached: request.attach ?? null,
    ...{ canonical, resumed },
    request,
  }
}

/** What it depends on and is a recipe is up beside it; providers bound themselves. */
function shareOfMachine(
  { memory = runMemory(), processes = { together: machineProcesses() } }: PlanRequest,
  { deps }: RecipeCustomization['settings'],
): { readonly memory: RunMemory; readonly processes: ProcessShare } {
  const apps = 1 + deps.filter((name) => !(PROVIDER_NAMES as readonly string[]).includes(name)).length
  return { memory: memoryShare(memory, apps), processes: { together: Math.floor(processes.together / apps) } }
}

/** Everything that stands beside the recipe, and what of it may run. */
async function customOf(request: PlanRequest, { opened, commit, worktree }: Head): Promise<RunPlan['custom']> {
  const found = await customizationOf(request, opened)
  const approval = await approvalFor({
    ...{ repo: opened, commit, worktree },
    approvals: request.approvals ?? [],
    once: request.approveOnce === true,
  })
  return { found, admitted: allowApproved(found, approval) }
}

/** Everything that stands beside the recipe, none of it run. */
export function customizationOf(
  { folder, operatorDir }: PlanRequest,
  { name }: RecipeRepo,
): Promise<RecipeCustomization> {
  return readCustomization({
    ...{ recipeDir: folder.checkout, recipeName: name },
    ...{ operatorDir, knownDeps: PROVIDER_NAMES },
  })
}

async function headRelease(
  source: ReleaseSource,
  { settings, overlay }: RunPlan['custom']['found'],
): Promise<Pick<RunPlan, 'head' | 'pristine'>> {
  refuseOtherFiles(source, settings.env)
  const pristine = await newAppRelease({ ...source, overlay: null }, settings)
  if (overlay) await applyOverlay(overlay, source.tree.dir)
  const head = overlay ? await newAppRelease(source, settings) : pristine
  if (overlay) refuseOverlayImages(pristine.stack, head.stack, overlay)
  refuseWithoutApp(head.stack)
  return { head, pristine }
}

/** Settings may add compose files of the recipe; without those of `.env.sample` something other than the recipe would be tested. */
export function refuseOtherFiles({ tree }: ReleaseSource, env: Readonly<Record<string, string>>): void {
  if (env.COMPOSE_FILE === undefined) return
  const files = composeFiles(new Map(Object.entries(env)))
  const own = composeFiles(tree.env.values)
  const missing = own.filter((file) => !files.includes(file))
  const custom = files.filter((file) => file.startsWith('cc-ci/'))
  if (missing.length + custom.length === 0) return
  const what = missing.length > 0 ? `leaves out ${missing.join(', ')}` : `names ${custom.join(', ')}`
  throw new RecipeError('config-invalid', `COMPOSE_FILE of the settings ${what}`, {
    hint: `It may add to ${own.join(':')}, which .env.sample selects. What only CI needs goes into cc-ci/compose.ci.yml.`,
  })
}

/** Names carry the run's own randomness, so that no two runs meet, or that of the run whose app it was; short, because secret names end at 64 characters. */
export function appOf(
  { name: recipe, dir: repository }: Pick<RecipeRepo, 'name' | 'dir'>,
  { runId, attach, below, canonical, resume }: PlanRequest,
): App {
  const known = attach ?? canonical?.canonical ?? resume?.checkpoint.data
  if (known) return { runId, recipe, repository, domain: known.domain, stack: known.stack }
  const slug =
    recipe
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-+|-+$/g, '')
      .slice(0, 16)
      .replace(/-+$/, '') || 'recipe'
  const domain = `${slug}-${runId.slice(-6)}.ci.test`
  // Below the app's stack, where no recipe has names of its own.
  return { runId, recipe, repository, domain, stack: below ? `${below}_ccci-${slug}` : stackName(domain) }
}

/** No service is named app, which lint has a rule of its own for (R009). */
export class MissingAppError extends RecipeError {}

function refuseWithoutApp(stack: ResolvedStack): void {
  if (stack.model.services.app) return
  throw new MissingAppError('compose-invalid', 'no service is named app', {
    where: stack.place(['services']) ?? { file: 'compose.yml' },
    hint: `A Co-op Cloud recipe names its main service app (lint R009). Found: ${Object.keys(stack.model.services).join(', ')}.`,
  })
}

/** Its green says less than that of a whole run: whoever reads the verdict reads this. */
function quickRun({ quick, canonical }: PlanRequest, skips: RunPlan['skips']): Finding[] {
  if (!quick) return []
  const left = USUAL_TIERS.filter((tier) => skips.get(tier)?.kind === 'not-selected')
  const level = canonical
    ? `, and reaches no level; it begins with the data of the canonical of ${canonical.canonical.version}`
    : ''
  const message = `a quick run: not judged are ${left.join(', ')}; its pass says less than that of a whole run${level}`
  return [finding('quick-run', message)]
}

/** Tests that were left out prove nothing. */
function filteredRun({ grep }: PlanRequest): Finding[] {
  if (grep === undefined) return []
  const message = `only the tests whose titles match ${JSON.stringify(grep)} were to be run (--grep)`
  return [finding('filtered-run', message)]
}

/** Two lives put together are not one, and what was judged in the other may not be so in this one. */
function resumedRun(resumed: ResumedRun | null, skips: RunPlan['skips']): Finding[] {
  if (!resumed) return []
  const { run, checkpoint, passed } = resumed
  const left = passed.filter((tier) => skips.get(tier)?.kind === 'not-selected')
  const message = `continues from run ${run}, with its app as it was after ${checkpoint.after}: not judged again are ${left.join(', ')}; its pass says less than that of a whole run, and reaches no level`
  return [finding('resumed-run', message)]
}

/** A clone that lacks history or tags is never used without a word. */
function historyFindings({ history }: RecipeRepo): Finding[] {
  if (history.kind === 'whole') return []
  const { kind, lacks } = history
  if (kind === 'fetched') {
    const message = `${lacks}: history and tags were read from ${history.origin}`
    return [finding('history-fetched', message)]
  }
  const why = history.why ? `, and ${history.why}` : ''
  return [finding('history-partial', `${lacks}${why}. Type: ${history.remedy}`)]
}

/** Without the upgrade tier there is no reason to deploy the older version first. */
function requestedBase({ only, base, attach, rollback }: PlanRequest): string {
  return attach || (only && !rollback && !withNeeds(only).includes('upgrade')) ? 'none' : base
}

function selectionOf({ only, attach, rollback }: PlanRequest): PlanRequest['only'] {
  const named = [...(only ?? []), ...(rollback ? (['rollback'] as const) : [])]
  const wrong = attach ? named.filter((tier) => !ATTACHABLE.includes(tier)) : []
  if (wrong.length === 0) return only
  throw new UsageError('cannot-attach', `${wrong.join(', ')} cannot be judged on the app of another run`, {
    hint: `With --attach: --only ${ATTACHABLE.join(',')}.`,
  })
}
