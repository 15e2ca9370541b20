import type { Clock } from '../../lib/clock.ts'
import { UsageError } from '../../lib/errors.ts'
import { newRunId } from '../../lib/ids.ts'
import { formatSize } from '../../lib/size.ts'
import { ForgeError } from '../contract/errors.ts'
import type { Forge, WebhookValues } from '../contract/forge.ts'
import { type RunRequest, repositoryName } from '../contract/request.ts'
import type { Operations, Publisher } from '../contract/services.ts'
import type { ServerSettings } from '../contract/settings.ts'
import type { Enrolment, RunRow, Store } from '../contract/store.ts'
import { FORGES } from '../forge/forges.ts'
import type { BaseMemory } from '../memory/against-base.ts'
import { whyOffer, whyRequest } from '../memory/why.ts'
import { makeApprovals } from './approvals.ts'

const MOST_QUEUED = 10_000

export interface OperationsParts {
  readonly store: Store
  readonly forge: Forge
  readonly publisher: Pick<Publisher, 'runChanged'>
  readonly settings: ServerSettings
  readonly clock: Clock
  readonly memory: Pick<BaseMemory, 'against'>
  /** Memory of the largest worker, in bytes; null while none is known: then nothing is too big. */
  readonly largestWorker: () => Promise<number | null>
}

/** What people with the right to it may do, whichever way they come in. */
export function makeOperations(parts: OperationsParts): Operations {
  const { store, forge, publisher, settings, clock, memory, largestWorker } = parts
  const { webhookEvents, pageUrls } = FORGES[settings.forgeKind]
  const operations: Operations = {
    async start({ repository, ref, pull: number, base = 'auto', quick = false, priority = 'manual' }, by) {
      const enrolment = await enrolled(repository)
      const pull =
        number === undefined
          ? null
          : await orMissing(forge.pull(repository, number), `${repository} has no pull request ${number}`)
      const commit = pull ? pull.head.sha : await commitOf(repository, ref)
      return add({
        ...fresh(enrolment),
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
      const enrolment = await enrolled(repository)
      const offer = whyOffer(row, await memory.against(row))
      if (offer.kind === 'not' || !pull)
        throw whyNot(offer.kind === 'not' ? offer.reason : 'it is no run of a pull request')
      const others = await store.runs({ repository, pull: pull.number, state: ['queued', 'running'], limit: 1 })
      if (others[0]) throw whyNot(`run ${others[0].request.id} of this pull request goes on`)
      const memoryBytes = enrolment.memoryBytes ?? settings.runMemoryBytes
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

    async enrol({ name, allow = [], memoryBytes, mirrorOf, by }) {
      await checkName(name)
      if ((await store.enrolments()).some((one) => isSameName(one.name, name))) {
        throw new UsageError('already-enrolled', `${name} is enrolled already`, {
          kind: 'conflict',
          hint: 'Remove it first to enrol it otherwise.',
        })
      }
      if (mirrorOf !== undefined) await checkMirror(name, mirrorOf)
      const values: WebhookValues = {
        url: `${settings.publicUrl}/hooks/${settings.forgeKind}`,
        contentType: 'json',
        events: webhookEvents,
      }
      const webhook = await forge.ensureWebhook(name, values, settings.webhookSecret)
      const enrolment: Enrolment = {
        name,
        at: new Date(clock.now()).toISOString(),
        by,
        allow,
        memoryBytes: memoryBytes ?? null,
        mirrorOf: mirrorOf ?? null,
        webhook,
      }
      await store.enrol(enrolment)
      const page = pageUrls(settings.forgeUrl).newWebhook(name)
      return { enrolment, paste: webhook === null ? { ...values, page, secret: 'CC_CI_WEBHOOK_SECRET' } : null }
    },

    async withdraw(name) {
      const found = (await store.enrolments()).find((one) => isSameName(one.name, name))
      if (!found) return false
      if (found.webhook !== null) {
        await forge.removeWebhook(found.name, found.webhook).catch((error: unknown) => {
          // Gone already, or no longer ours to remove: its deliveries are then answered "not enrolled".
          const isOver = error instanceof ForgeError && ['forge-missing', 'forge-refused'].includes(error.code)
          if (!isOver) throw error
        })
      }
      const gone = await store.withdraw(found.name)
      for (const row of await store.runs({ state: ['queued'], limit: MOST_QUEUED })) {
        const { id, repository } = row.request
        if (!isOf(repository, found.name) || (await store.enrolmentOf(repository))) continue
        await store.cancel(id, `${found.name} is enrolled no longer`, clock.now())
        await publisher.runChanged(await known(id))
      }
      return gone
    },

    ...makeApprovals({ forge, state: settings.state, clock }),
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
        hint: 'Enrol it with less memory, or add a worker.',
      },
    )
  }

  function fresh(enrolment: Enrolment) {
    return {
      schema: 1,
      id: newRunId(clock.now()),
      attemptOf: null,
      at: new Date(clock.now()).toISOString(),
      memoryBytes: enrolment.memoryBytes ?? settings.runMemoryBytes,
      deadlineMs: settings.runDeadlineMs,
    } as const
  }

  async function known(id: string): Promise<RunRow> {
    const row = await store.run(id)
    if (!row) throw noSuchRun(id)
    return row
  }

  async function enrolled(repository: string): Promise<Enrolment> {
    const enrolment = repositoryName.safeParse(repository).success ? await store.enrolmentOf(repository) : null
    if (enrolment) return enrolment
    throw new UsageError('not-enrolled', `${repository} is not enrolled`, {
      kind: 'conflict',
      hint: '`cc-ci enroll ORG/REPO` does that; --list shows what is.',
    })
  }

  async function commitOf(repository: string, ref: string | undefined): Promise<string> {
    const name = ref ?? (await forge.defaultBranch(repository))
    const commit = await forge.resolveCommit(repository, name)
    if (commit) return commit
    throw new UsageError('ref-not-found', `${repository} has no commit, tag or branch "${name}"`, { kind: 'not-found' })
  }

  async function checkMirror(name: string, upstream: string): Promise<void> {
    if (!name.includes('/') || !repositoryName.safeParse(upstream).success || isSameName(name, upstream)) {
      throw new UsageError('bad-mirror', `${name} cannot be a mirror of "${upstream}"`, {
        kind: 'conflict',
        hint: 'A mirror is one repository, ORG/REPO, and what it mirrors another one of the same forge.',
      })
    }
    await orMissing(forge.defaultBranch(upstream), `the forge has no ${upstream}, or does not show it to our account`)
  }

  async function checkName(name: string): Promise<void> {
    const isRepository = repositoryName.safeParse(name).success
    if (!isRepository && !/^[A-Za-z0-9][\w.-]{0,99}$/.test(name)) {
      throw new UsageError('bad-name', `"${name}" is no repository or organisation`, {
        hint: 'Write ORG/REPO, or ORG for all its repositories.',
      })
    }
    const looked = isRepository ? forge.defaultBranch(name) : forge.repositories(name)
    await orMissing(looked as Promise<unknown>, `the forge has no ${name}, or does not show it to our account`)
  }
}

/** Whether an enrolment of this name speaks of a repository. */
function isOf(repository: string, name: string): boolean {
  return isSameName(repository, name) || isSameName(repository.split('/')[0] ?? '', name)
}

function isSameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase()
}

function whyNot(reason: string): UsageError {
  return new UsageError('why-not', `there is nothing to find out: ${reason}`, { kind: 'conflict' })
}

function noSuchRun(id: string): UsageError {
  return new UsageError('no-such-run', `there is no run ${id}`, { kind: 'not-found' })
}

async function orMissing<T>(call: Promise<T>, message: string): Promise<T> {
  try {
    return await call
  } catch (error) {
    if (error instanceof ForgeError && error.code === 'forge-missing')
      throw new UsageError('no-such-repository', message, { kind: 'not-found', cause: error })
    throw error
  }
}
