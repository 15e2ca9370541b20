import { httpExposure, routedServices } from '../../checks/routed-services.ts'
import { formatDuration } from '../../lib/text/duration.ts'
import { formatSize } from '../../lib/text/size.ts'
import { healthPath } from '../../lifecycle/app/request-paths.ts'
import type { RunPlan } from '../../lifecycle/plan.ts'
import { memoryLimits } from '../../lifecycle/planning/run-bounds.ts'
import { deadlinesOf, manifestOf } from '../../lifecycle/run-header.ts'
import { sizeInWords } from '../../lifecycle/stored-data/stored-data.ts'
import { manifestLines } from '../../report/run/manifest.ts'
import { type Finding, upgradePath } from '../../verdict/events.ts'
import { TIER_IDS, TIERS, type TierId } from '../../verdict/tiers.ts'
import { errorJson } from './report-error.ts'

export function planJson(plan: RunPlan) {
  const { repo, head, base } = plan
  const customization = manifestOf(plan)
  return {
    recipe: { name: repo.name, origin: repo.origin, commit: head.commit, version: head.version, dirty: head.dirty },
    base: 'ref' in base ? base.ref : null,
    considered: base.considered,
    differs: base.kind === 'base' ? base.differs : [],
    tiers: tiersOf(plan).map((id) => ({ id, ...(plan.skips.get(id) ?? unverified(plan, id) ?? { kind: 'judged' }) })),
    settings: customization.sources,
    canonical: canonicalJson(plan),
    customization,
    policy: plan.policy,
    composeFiles: head.stack.files,
    services: Object.entries(head.stack.model.services).map(([name, { image }]) => ({ name, image: image ?? null })),
    secrets: head.secrets.map(({ key, generate }) => ({ key, generate })),
    backup: { capable: plan.backup.capable, reason: plan.backup.reason, volumes: plan.backup.volumes },
    envNotUpgraded: plan.envNotUpgraded,
    upgradeFaults: plan.upgradeFaults.map(errorJson),
    http: httpOf(plan),
    losses: plan.losses,
    deadlines: deadlinesOf(plan),
    memory: {
      runBytes: plan.memory.runBytes,
      from: plan.memory.from,
      services: memoryLimits(head).map(({ service, bytes, by }) => ({ service, bytes, by })),
    },
    expected: plan.expected,
    quarantine: plan.quarantine.active,
    findings: findingsOf(plan),
  }
}

/** For a person. */
export function planText(plan: RunPlan): string {
  const { repo, head, base } = plan
  const manifest = manifestLines(manifestOf(plan))
  const lines = [
    `recipe    ${repo.name} ${head.version ?? '(no version label)'} at ${head.commit.slice(0, 8)}${head.dirty ? ' with uncommitted changes' : ''}`,
    `from      ${repo.origin}`,
    `compose   ${head.stack.files.join(', ')}`,
    `services  ${Object.entries(head.stack.model.services)
      .map(([name, { image }]) => `${name} (${image})`)
      .join(', ')}`,
    `secrets   ${head.secrets.map(({ key, generate }) => (generate ? key : `${key} (inserted by hand)`)).join(', ') || 'none'}`,
    `base      ${baseText(plan)}`,
    ...base.considered.map((line) => `          ${line}`),
    ...canonicalText(plan),
    ...(base.kind === 'base' ? [`differs   ${base.differs.join(', ')}`] : []),
    ...(plan.envNotUpgraded.length > 0
      ? [
          `env       not given to an upgraded app: ${plan.envNotUpgraded.join(', ')} (\`upgrade.env\` gives what operators are told to add)`,
        ]
      : []),
    `http      ${httpText(plan)}`,
    ...plan.losses.map(({ subject, message }) => `left out  ${message} (${subject})`),
    ...patienceText(plan),
    memoryText(plan),
    'tiers',
    ...tiersOf(plan).map((id) => `  ${id.padEnd(12)}${tierText(plan, id)}`),
    'customization',
    ...(manifest.length > 0
      ? manifest.map((line) => `  ${line}`)
      : ['  none: all settings at their defaults, no code, no tests']),
    ...plan.policy.map(({ code, message, where }) => `refused: ${where ? `${where}: ` : ''}${message} [${code}]`),
    ...findingsOf(plan).map(({ severity, message, where }) => `${severity}: ${where ? `${where}: ` : ''}${message}`),
  ]
  return lines.join('\n')
}

/** How long a deployment may take and why, what is usual, and which tests decide nothing. */
function patienceText(plan: RunPlan): string[] {
  const { ms, why } = deadlinesOf(plan).deploy
  const usual = plan.expected?.deploy
  const took = usual ? `; usually ${formatDuration(usual.p50Ms)} (${usual.runs} runs)` : ''
  return [
    `deploy    at most ${formatDuration(ms)} without progress (${why})${took}`,
    ...plan.quarantine.active.map(
      ({ file, test, reason, expires }) => `excused   "${test}" (${file}) decides nothing until ${expires}: ${reason}`,
    ),
  ]
}

/** What the run has, and how much of it each container may take. */
function memoryText({ head, memory }: RunPlan): string {
  const who = { recipe: 'by the recipe', setting: 'by resources.memory', run: 'by cc-ci' }
  const limits = memoryLimits(head).map(({ service, bytes, by }) =>
    bytes === null || by === null ? service : `${service} ${formatSize(bytes)} (${who[by]})`,
  )
  return `memory    the app has ${formatSize(memory.runBytes)} in all (${memory.from}); each container at most: ${limits.join(', ')}`
}

function canonicalJson({ canonical: use }: RunPlan) {
  if (use.kind === 'none') return null
  if (use.kind === 'unused') return use
  const { version, commit, runId, takenAt, volumes } = use.canonical
  return { kind: use.kind, version, commit, run: runId, takenAt, volumes }
}

function canonicalText({ canonical: use }: RunPlan): string[] {
  if (use.kind === 'none') return []
  if (use.kind === 'unused') return [`data      a new installation: ${use.why}`]
  const { runId, takenAt, volumes } = use.canonical
  const when = use.kind === 'quick' ? 'from the first deployment on' : 'once a new installation was judged'
  return [`data      the canonical of run ${runId}, ${takenAt.slice(0, 10)}: ${sizeInWords(volumes)}, ${when}`]
}

function findingsOf({ findings, headTree, head }: RunPlan): Finding[] {
  return [...findings, ...headTree.findings, ...head.stack.findings]
}

/** What head asks of the proxy, and the path at which it will be asked itself. */
function httpOf(plan: RunPlan) {
  const wish = httpExposure(plan.head.stack)
  return wish.kind === 'routed' ? { ...wish, path: healthPath(plan, plan.head.stack) } : wish
}

function httpText(plan: RunPlan): string {
  const { head, app } = plan
  const wish = httpOf(plan)
  if (wish.kind === 'none') return `no HTTP to ask for: ${wish.reason}`
  if (wish.kind === 'unusable') return `nobody will reach the app: ${wish.message}`
  const rules = routedServices(head.stack, app.domain).map(
    ({ service, rules }) => `${service} by ${rules.join(' and ')}`,
  )
  return `${rules.join(', ')}; asked at ${app.domain}${wish.path}`.replaceAll(app.domain, 'DOMAIN')
}

function baseText({ base }: RunPlan): string {
  if (base.kind === 'none') return `none: ${base.reason}`
  if (base.kind === 'unresolved') return 'not known'
  const text = `${upgradePath(base.ref)} (${base.ref.source}, ${base.ref.commit.slice(0, 8)})`
  return base.kind === 'no-delta' ? `${text} runs the same as head` : text
}

/** One that must be requested is shown where it was. */
function tiersOf({ selected }: RunPlan): TierId[] {
  return TIER_IDS.filter((id) => !TIERS[id].byRequest || selected.includes(id))
}

export function tierText(plan: RunPlan, id: TierId): string {
  const skip = plan.skips.get(id)
  if (skip) return `skip (${skip.kind}): ${skip.reason}`
  const open = unverified(plan, id)
  if (open) return `will be unverified: ${open.reason}${open.hint ? `\n              ${open.hint}` : ''}`
  if (id === 'upgrade' && plan.upgradeFaults.length > 0) {
    const faults = plan.upgradeFaults.map((fault) => fault.describe()).join('\n')
    return `will fail: head does not resolve with the env file of the base\n${indented(faults)}`
  }
  return 'judged'
}

function indented(text: string): string {
  return text.replace(/^/gm, ' '.repeat(14))
}

/** The tiers that are their tests and nothing else. */
const OF_TESTS: readonly TierId[] = ['functional', 'integration']

/** What the plan knows already cannot be judged, though it should be. */
function unverified(
  { base, custom }: RunPlan,
  id: TierId,
): { kind: 'unverified'; reason: string; hint?: string } | null {
  const { refused } = custom.admitted
  if (OF_TESTS.includes(id) && refused.some(({ isTest, tiers }) => isTest && tiers.includes(id)))
    return { kind: 'unverified', reason: 'tests of the recipe are refused' }
  if (id !== 'upgrade') return null
  if (base.kind === 'no-delta')
    return { kind: 'unverified', reason: `the pinned base ${base.ref.version} runs the same` }
  if (base.kind === 'unresolved') return { kind: 'unverified', reason: base.cause.message, hint: base.cause.hint }
  return null
}
