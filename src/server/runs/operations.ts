import type { Clock } from '../../lib/async/clock.ts'
import { UsageError } from '../../lib/errors.ts'
import { newRunId } from '../../lib/ids.ts'
import { formatSize } from '../../lib/text/size.ts'
import { orMissing } from '../contract/errors.ts'
import type { Forge } from '../contract/forge.ts'
import { type RunRequest, repositoryName } from '../contract/request.ts'
import type { Operations, Publisher } from '../contract/services.ts'
import type { ServerSettings } from '../contract/settings.ts'
import type { RunRow, Store } from '../contract/store.ts'
import type { Enrollment } from '../enrollments/enrollment.ts'
import type { BaseMemory } from '../memory/against-base.ts'
import { whyOffer, whyRequest } from '../memory/why.ts'

export interface RunOperationsDeps {
  readonly store: Store
  readonly forge: Forge
  readonly publisher: Pick<Publisher, 'runChanged'>
  readonly settings: ServerSettings
  readonly clock: Clock
  readonly memory: Pick<BaseMemory, 'against'>
  /** Memory of the largest worker, in bytes; null while none is known: then nothing is too big. */
  readonly largestWorker: () => Promise<number | null>
}

type RunOperations = Pick<Operations, 'start' | 'rerun' | 'why' | 'cancel'>

/** Starting, repeating, explaining and cancelling runs, for people who are authorized to. */
export function createRunOperations(deps: RunOperationsDeps): RunOperations {
  const { store, forge, publisher, settings, clock, memory, largestWorker } = deps
  const operations: RunOperations = {
    async start({ repository, ref, pull: number, base = 'auto', quick = false, priority = 'manual' }, by) {
      const enrollment = await enrolled(repository)
      const pull =
        number === undefined
          ? null
          : await orMissing(forge.pull(repository, number), `${repository} has no pull request ${number}`)
      const named = pull ? null : await refOf(repository, ref)
      const commit = pull ? pull.head.sha : await commitOf(repository, named?.name ?? '')
      return add({
        ...fresh(enrollment),
        priority,
        repository,
        pull: pull && {
          number: pull.number,
          headRef: pull.head.ref,
          baseRef: pull.base.ref,
          comment: null,
          author: by,
          target: { tip: pull.base.sha, fork: pull.base.mergeBase },
        },
        commit,
        ...(named ? { ref: { ...named, name: named.name.slice(0, 255) } } : {}),
        base,
        quick,
      })
    },

    async rerun(id, by) {
      const { request } = await known(id)
      if (request.why) return operations.why(request.why.run, by)
      const pull = request.pull && { ...request.pull, comment: null, author: by }
      const priority = request.pull ? 'pull' : 'manual'
      return add({ ...request, ...fresh(await enrolled(request.repository)), priority, pull })
    },

    async why(id, by) {
      const row = await known(id)
      const { repository, pull } = row.request
      const enrollment = await enrolled(repository)
      const offer = whyOffer(row, await memory.against(row))
      if (offer.kind === 'not' || !pull)
        throw notPossible(offer.kind === 'not' ? offer.reason : 'it is no run of a pull request')
      const others = await store.runs({ repository, pull: pull.number, state: ['queued', 'running'], limit: 1 })
      if (others[0]) throw notPossible(`run ${others[0].request.id} of this pull request continues`)
      const memoryBytes = enrollment.memoryBytes ?? settings.runMemoryBytes
      const { runDeadlineMs } = settings
      return add(whyRequest(row, offer.why, { by, comment: null, memoryBytes, runDeadlineMs, now: clock.now() }))
    },

    async cancel(id, by) {
      await known(id)
      const result = await store.cancel(id, `cancelled by ${by}`, clock.now())
      if (result === 'unknown') throw noSuchRun(id)
      await publisher.runChanged(await known(id))
      return result
    },
  }
  return operations

  async function add(request: RunRequest): Promise<RunRequest> {
    await refuseTooBig(request)
    const { superseded } = await store.add(request)
    for (const row of superseded) await publisher.runChanged(row)
    await publisher.runChanged(await known(request.id))
    return request
  }

  async function refuseTooBig({ repository, memoryBytes }: RunRequest): Promise<void> {
    const largest = await largestWorker()
    if (largest === null || memoryBytes <= largest) return
    const [needs, has] = [formatSize(memoryBytes), formatSize(largest)]
    throw new UsageError(
      'too-big',
      `a run of ${repository} is given ${needs} of memory, the largest worker has ${has}`,
      {
        hint: 'Enroll it with less memory, or add a worker.',
      },
    )
  }

  function fresh(enrollment: Enrollment) {
    return {
      schema: 1,
      id: newRunId(clock.now()),
      attemptOf: null,
      at: new Date(clock.now()).toISOString(),
      memoryBytes: enrollment.memoryBytes ?? settings.runMemoryBytes,
      deadlineMs: settings.runDeadlineMs,
    } as const
  }

  async function known(id: string): Promise<RunRow> {
    const row = await store.run(id)
    if (!row) throw noSuchRun(id)
    return row
  }

  async function enrolled(repository: string): Promise<Enrollment> {
    const enrollment = repositoryName.safeParse(repository).success ? await store.enrollmentOf(repository) : null
    if (enrollment) return enrollment
    throw new UsageError('not-enrolled', `${repository} is not enrolled`, {
      kind: 'conflict',
      hint: '`cc-ci enroll ORG/REPO` does that; --list shows what is.',
    })
  }

  async function refOf(repository: string, ref: string | undefined) {
    const branch = await forge.defaultBranch(repository)
    return { name: ref ?? branch, isDefault: ref === undefined || ref === branch }
  }

  async function commitOf(repository: string, name: string): Promise<string> {
    const commit = await forge.resolveCommit(repository, name)
    if (commit) return commit
    throw new UsageError('ref-not-found', `${repository} has no commit, tag or branch "${name}"`, { kind: 'not-found' })
  }
}

function notPossible(reason: string): UsageError {
  return new UsageError('why-not', `there is nothing to find out: ${reason}`, { kind: 'conflict' })
}

function noSuchRun(id: string): UsageError {
  return new UsageError('no-such-run', `there is no run ${id}`, { kind: 'not-found' })
}
