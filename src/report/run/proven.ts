import { formatDuration } from '../../lib/text/duration.ts'
import { formatSize } from '../../lib/text/size.ts'
import { type Evidence, type EvidenceKind, evidenceProblem } from '../../verdict/evidence.ts'
import type { TierResult } from '../../verdict/results.ts'

type Of<K extends EvidenceKind> = Extract<Evidence, { kind: K }>

/** Why a tier ended as it did, in one line: what was proven, the cause with its code, or the reason of a skip. */
export function tierWords(tier: TierResult): string {
  if (tier.cause) return `${tier.cause.code}: ${tier.reason}`
  return tier.status === 'pass' ? provenWords(tier) : tier.reason
}

/** What the evidence of a tier says, in words. Evidence that is not whole did not count, and is not told. */
function provenWords({ evidence, tests, reason }: TierResult): string {
  const words = evidence.flatMap((piece) => {
    if (evidenceProblem(piece) !== null) return []
    const say = WORDS[piece.kind] as (evidence: Evidence) => string | null
    return say(piece) ?? []
  })
  const skipped = tests.filter(({ status }) => status === 'skipped').length
  const all = [...new Set([...words, ...(skipped > 0 ? [`${skipped} skipped`] : [])])]
  return all.length === 0 ? reason : all.join(', ')
}

/** What each kind of evidence says for the tier; null: nothing that a line for the whole tier must have. A new kind does not compile without its words. */
const WORDS: { readonly [K in EvidenceKind]: (evidence: Of<K>) => string | null } = {
  rules: ({ rules }) => {
    const broken = rules.filter(({ ok }) => !ok).length
    return broken === 0
      ? `${counted(rules.length, 'rule')} kept`
      : `${rules.length - broken} of ${rules.length} rules kept`
  },
  images: () => null,
  tasks: ({ tasks }) => `${counted(new Set(tasks.map(({ service }) => service)).size, 'service')} up`,
  http: ({ status }) => `answers ${status}`,
  'no-http': () => 'no HTTP to ask for',
  'still-there': ({ asked }) =>
    asked.length === 0 ? null : `${counted(asked.length, 'route or port', 'routes and ports')} still there`,
  page: ({ title, url }) => `shows "${title || new URL(url).pathname}"`,
  'page-elsewhere': ({ to }) => `leads the browser to ${to}`,
  'visual-difference': () => null,
  identity: ({ services }) => {
    const changed = services.filter((service) => service.changed.length > 0).map(({ service }) => service)
    return `${changed.join(', ')} changed`
  },
  'head-deployed': () => null,
  'update-status': () => null,
  witness: (evidence) => {
    if ('none' in evidence) return 'no data to look after'
    const there = evidence.witnesses.filter(({ result }) => result === 'kept' || result === 'changed')
    const volumes = new Set(there.filter(({ kind }) => isOfVolume(kind)).map(({ subject }) => subject.split('/')[0]))
      .size
    const databases = there.filter(({ kind }) => !isOfVolume(kind)).length
    const what = [
      volumes > 0 ? counted(volumes, 'volume') : [],
      databases > 0 ? counted(databases, 'database') : [],
    ].flat()
    return what.length === 0 ? null : `data there: ${what.join(' and ')}`
  },
  snapshot: ({ volumes }) => {
    const files = volumes.reduce((sum, volume) => sum + volume.files, 0)
    const bytes = volumes.reduce((sum, volume) => sum + volume.bytes, 0)
    return `${counted(files, 'file')} of ${counted(volumes.length, 'volume')} in the snapshot (${formatSize(bytes)})`
  },
  hooks: (evidence) => ('none' in evidence ? null : `${counted(evidence.hooks.length, 'hook')} ran`),
  coverage: ({ paths }) => {
    const covered = paths.filter((path) => path.covered).length
    return covered === paths.length ? 'all that the labels promise' : `${covered} of ${paths.length} paths covered`
  },
  restored: ({ files, form }) => `${counted(files, 'file')} back${form === 'whole' ? ' on emptied volumes' : ''}`,
  steps: ({ steps }) => `by way of ${steps.map(({ version }) => version).join(', ')}`,
  'rolled-back': ({ version }) => `${version} runs again`,
  reattached: ({ version }) => `with the data of the canonical of ${version}`,
  resumed: ({ run, after }) => `with the app of run ${run} after ${after}`,
  tests: ({ executed }) => `${counted(executed, 'test')} passed`,
  provider: ({ providers }) => `with ${providers.map(({ name }) => name).join(', ')}`,
  recovery: ({ services }) =>
    services.map(({ service, ms }) => `${service} back ${formatDuration(ms)} after a kill`).join(', '),
  'no-op-redeploy': () => 'a second deployment restarts nothing',
  'engine-restart': ({ ms }) => `back ${formatDuration(ms)} after a restart of the engine`,
  ledger: ({ removed }) => `${counted(removed, 'thing')} removed, nothing left`,
}

/** Looked at by its files; all other kinds are databases. */
function isOfVolume(kind: string): boolean {
  return kind === 'file' || kind === 'manifest'
}

function counted(amount: number, noun: string, many = `${noun}s`): string {
  return `${amount} ${amount === 1 ? noun : many}`
}
