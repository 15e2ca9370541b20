import { ForgeError } from '../../contract/errors.ts'
import type { ForgeWebhook, WebhookValues } from '../../contract/forge.ts'
import type { ApiCaller } from './call.ts'
import { organisationParts, repositoryParts } from './names.ts'
import { allPages } from './pages.ts'
import { hookShape, madeShape } from './shapes.ts'

/** Creates the webhook, or updates the one with the same URL. Null where the token lacks the permission. */
export async function ensureWebhook(
  caller: ApiCaller,
  name: string,
  values: WebhookValues,
  secret: string,
): Promise<number | null> {
  caller.masker.add(secret.toWellFormed())
  const path = hooksOf(name)
  const config = { url: values.url, content_type: values.contentType, secret }
  const wanted = { config, events: values.events, active: true }
  try {
    const there = await allPages(caller, hookShape, path)
    const same = there.find((hook) => hook.config.url === values.url)
    if (same) {
      await caller.ok('PATCH', [...path, String(same.id)], { body: wanted })
      return same.id
    }
    const made = await caller.ok('POST', path, { body: { ...wanted, type: 'gitea' } })
    return caller.parse(madeShape, made, path).id
  } catch (error) {
    if (error instanceof ForgeError && error.code === 'forge-refused') return null
    throw error
  }
}

/** The webhook with this URL as it is now; null: there is none. */
export async function webhook(caller: ApiCaller, name: string, url: string): Promise<ForgeWebhook | null> {
  const there = await allPages(caller, hookShape, hooksOf(name))
  const same = there.filter(({ config }) => config.url === url)
  const found = same.find(({ active }) => active !== false) ?? same[0]
  return found ? { active: found.active !== false, events: found.events } : null
}

/** Idempotent: a missing webhook counts as deleted. */
export async function removeWebhook(caller: ApiCaller, name: string, id: number): Promise<void> {
  try {
    await caller.ok('DELETE', [...hooksOf(name), String(id)])
  } catch (error) {
    if (!(error instanceof ForgeError) || error.code !== 'forge-missing') throw error
  }
}

function hooksOf(name: string): string[] {
  return [...(name.includes('/') ? repositoryParts(name) : organisationParts(name)), 'hooks']
}
