import { type Toolbox, VOLUMES_DIR } from '../../backup/toolbox.ts'
import { volumeContent } from '../../backup/volume-copy.ts'
import { stopServices } from '../../engine/stop-services.ts'
import { InfraError, InternalError, messageOf } from '../../lib/errors.ts'
import type { Finding } from '../../verdict/events.ts'
import { finding } from '../../verdict/findings.ts'
import { fold } from '../../verdict/fold.ts'
import { deployDeadline } from '../app/deploy-deadline.ts'
import { unplant } from '../app/witnessing.ts'
import type { CanonicalRequest, RunContext } from '../context.ts'
import { toolboxOf } from '../open-resources.ts'
import type { RunPlan } from '../plan.ts'
import type { TierReporter } from '../reporter.ts'
import type { ReleaseKey } from './canonical.ts'
import { bytesOf, copyVolume, measureVolumes, valuesOf, volumesOf } from './copy-data.ts'
import type { DataDraft, StoredVolume } from './stored-data.ts'

/** What the setting asks for is a release that is green; of every other run nobody expects one. */
const EXPECTED = ['not-released', 'dirty', 'quick', 'attached', 'left-out', 'no-base', 'not-green', 'interrupted']

/**
 * Right before the app is removed, when all that judges it is over: where the rules allow it, the app is shut down as the engine shuts one down, and its
 * volumes are copied beside the old canonical. What keeps that from happening is a finding and decides nothing.
 */
export async function keepCanonical(context: RunContext, reporter: TierReporter): Promise<void> {
  const { keeping, plan, events, runSignal } = context
  if (!keeping || runSignal.aborted) return
  const refused = keeping.keeper.refusals({ plan, results: fold(events.all()) })
  if (refused.length > 0) {
    const worthReporting = keeping.by === 'flag' || !refused.some(({ code }) => EXPECTED.includes(code))
    if (worthReporting) reporter.finding(notKept(refused.map(({ reason }) => reason).join('; '), 'info'))
    return
  }
  const key = keyOf(plan)
  try {
    await reporter.operation({ kind: 'keep-canonical', subject: key.version }, () => take(context, key, keeping))
  } catch (error) {
    await keeping.draft?.discard()
    keeping.draft = null
    reporter.finding(notKept(messageOf(error), 'warning'))
  }
}

/** When everything is removed and looked through: what was copied takes the place of the old one, where all of the run is green. */
export async function settleCanonical({ keeping, plan, events, clock }: RunContext): Promise<void> {
  const draft = keeping?.draft
  if (!draft) return
  const at = new Date(clock.now()).toISOString()
  const { verdict, flags } = fold([...events.all(), { seq: events.all().length + 1, at, type: 'run.ended' }])
  const green = verdict === 'pass' && flags.cleanTeardown && flags.noSecretLeak
  try {
    if (green) await draft.commit()
    const { version } = keyOf(plan)
    events.append({
      type: 'finding',
      ...(green
        ? canonicalKept(version)
        : notKept('the teardown was not clean, or a secret stood in what is kept', 'warning')),
    })
  } catch (error) {
    events.append({ type: 'finding', ...notKept(messageOf(error), 'warning') })
  } finally {
    await draft.discard()
  }
}

function canonicalKept(version: string): Finding {
  return finding('canonical-kept', `the data of this run is the canonical of ${version} now`)
}

function notKept(why: string, severity: 'info' | 'warning'): Finding {
  return finding('canonical-not-kept', `the data of this run is not kept as a canonical: ${why}`, { severity })
}

/** The newest, where one commit was released twice. */
function keyOf({ repo, head }: RunPlan): ReleaseKey {
  const version = repo.versions.findLast(({ commit }) => commit === head.commit)
  if (!version) throw new InternalError('canonical-without-release', 'only a released version is kept as a canonical')
  return { recipe: repo.name, origin: repo.origin, version: version.tag, commit: head.commit }
}

async function take(context: RunContext, key: ReleaseKey, keeping: CanonicalRequest): Promise<void> {
  const { plan, host, state, runSignal: signal, clock } = context
  const release = plan.upgrade ?? plan.head
  await unplant(context)
  await stopServices(host.engine, await host.engine.services(plan.app.stack), {
    ...{ stack: plan.app.stack, signal, clock },
    timeoutMs: deployDeadline(plan, state.current?.services ?? []),
  })
  const toolbox = await toolboxOf(context)
  const volumes = await measureVolumes(toolbox, volumesOf(release), signal)
  await refuseWitnesses(toolbox, volumesOf(release), signal)
  const { stack, domain, runId } = plan.app
  const app = { runId, domain, stack, images: state.current?.images ?? [] }
  const secrets = { env: release.env, values: valuesOf(context, release) }
  const draft = await keeping.keeper.begin(key, app, secrets, bytesOf(volumes))
  keeping.draft = draft
  for (const volume of volumes) await copy(toolbox, draft, { volume, signal })
}

/** Read twice: what is not the same then is no copy of anything that ever was. */
async function copy(
  toolbox: Toolbox,
  draft: DataDraft,
  { volume, signal }: { volume: Omit<StoredVolume, 'content'>; signal: AbortSignal },
): Promise<void> {
  const content = await copyVolume(toolbox, draft, { volume, signal })
  const now = await volumeContent(toolbox, volume.volume, { signal, bytes: volume.bytes })
  if (now === content) return
  throw new InfraError('canonical-not-still', `the volume ${volume.volume} changed while it was copied`, {
    hint: 'A job of the app may still run: jobs are not stopped.',
  })
}

const MARKERS = `find "$1" -xdev -name '.cc-ci-witness-*' -print -quit`

async function refuseWitnesses(toolbox: Toolbox, volumes: readonly string[], signal: AbortSignal): Promise<void> {
  for (const volume of volumes) {
    const place = `${VOLUMES_DIR}/${volume}`
    const marker = await toolbox.run(['sh', '-c', MARKERS, 'markers', place], { signal, timeoutMs: 300_000 })
    if (marker.trim() !== '')
      throw new InternalError('canonical-with-witness', `a witness of cc-ci is left in the volume ${volume}`)
  }
}
