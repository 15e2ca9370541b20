import type { ForgeImplementation } from '../../contract/forge.ts'
import { giteaForge } from './forge.ts'
import { giteaOauth } from './oauth.ts'
import { giteaPageUrls } from './page-urls.ts'
import { readWebhook } from './read-webhook.ts'

export const gitea: ForgeImplementation = {
  connect: giteaForge,
  webhookEvents: ['pull_request_comment'],
  readWebhook,
  pullRef: (number) => `refs/pull/${number}/head`,
  pageUrls: giteaPageUrls,
  oauth: giteaOauth,
}
