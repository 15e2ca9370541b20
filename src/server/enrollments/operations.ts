import type { Clock } from '../../lib/async/clock.ts'
import { UsageError } from '../../lib/errors.ts'
import { ForgeError, orMissing } from '../contract/errors.ts'
import type { Forge, WebhookValues } from '../contract/forge.ts'
import { repositoryName } from '../contract/request.ts'
import type { Operations, Publisher } from '../contract/services.ts'
import type { ServerSettings } from '../contract/settings.ts'
import type { Store } from '../contract/store.ts'
import { FORGES } from '../forge/forges.ts'
import { coversRepository, enrollmentOf, isSameName } from './enrollment.ts'
import { WebhookStates } from './webhook-states.ts'

/** Longest wait for what the forge says of webhooks. */
const WEBHOOKS_MS = 1_500
const MOST_QUEUED = 10_000

export interface EnrollmentDeps {
  readonly store: Store
  readonly forge: Forge
  readonly publisher: Pick<Publisher, 'runChanged'>
  readonly settings: ServerSettings
  readonly clock: Clock
}

/** Enrolling and withdrawing repositories and organisations, with their webhooks. */
export function createEnrollmentOperations(deps: EnrollmentDeps): Pick<Operations, 'enroll' | 'withdraw' | 'webhooks'> {
  const { store, forge, publisher, settings, clock } = deps
  const { webhookEvents, pageUrls } = FORGES[settings.forgeKind]
  const url = `${settings.publicUrl}/hooks/${settings.forgeKind}`
  const states = new WebhookStates({ forge, clock, url, events: webhookEvents })
  return {
    async enroll(order, by) {
      const { name, mirrorOf } = order
      await checkName(name)
      if ((await store.enrollments()).some((one) => isSameName(one.name, name))) {
        throw new UsageError('already-enrolled', `${name} is enrolled already`, {
          kind: 'conflict',
          hint: 'Remove it first to enroll it with other options.',
        })
      }
      if (mirrorOf !== undefined) await checkMirror(name, mirrorOf)
      const values: WebhookValues = {
        url,
        contentType: 'json',
        events: webhookEvents,
      }
      const webhook = await forge.ensureWebhook(name, values, settings.webhookSecret)
      const enrollment = enrollmentOf(order, { at: new Date(clock.now()).toISOString(), by, webhook })
      await store.enroll(enrollment)
      states.forget(name)
      const page = pageUrls(settings.forgeUrl).newWebhook(name)
      return { enrollment, paste: webhook === null ? { ...values, page, secret: 'CC_CI_WEBHOOK_SECRET' } : null }
    },

    webhooks(enrollments) {
      const ours = enrollments.flatMap(({ name, webhook }) => (webhook === null ? [] : [name]))
      return states.of(ours, WEBHOOKS_MS)
    },

    async withdraw(name) {
      const found = (await store.enrollments()).find((one) => isSameName(one.name, name))
      if (!found) return false
      if (found.webhook !== null) {
        await forge.removeWebhook(found.name, found.webhook).catch((error: unknown) => {
          // Gone already, or no longer ours to remove: its deliveries are then answered "not enrolled".
          const isOver = error instanceof ForgeError && ['forge-missing', 'forge-refused'].includes(error.code)
          if (!isOver) throw error
        })
      }
      const gone = await store.withdraw(found.name)
      for (const { request } of await store.runs({ state: ['queued'], limit: MOST_QUEUED })) {
        const { id, repository } = request
        if (!coversRepository(found.name, repository) || (await store.enrollmentOf(repository))) continue
        await store.cancel(id, `${found.name} is enrolled no longer`, clock.now())
        const row = await store.run(id)
        if (row) await publisher.runChanged(row)
      }
      return gone
    },
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
