import type { ForgePageUrls } from '../../contract/forge.ts'

/** Addresses of Gitea's and Forgejo's pages for people. */
export function giteaPageUrls(baseUrl: string): ForgePageUrls {
  const hooks = (name: string) => `${baseUrl}/${name.includes('/') ? name : `org/${name}`}/settings/hooks`
  return {
    pull: (repository, number) => `${baseUrl}/${repository}/pulls/${number}`,
    commit: (repository, commit) => `${baseUrl}/${repository}/commit/${commit}`,
    file(repository, commit, path) {
      return `${baseUrl}/${repository}/src/commit/${commit}/${path.split('/').map(encodeURIComponent).join('/')}`
    },
    compare: (repository, from, to) => `${baseUrl}/${repository}/compare/${from}...${to}`,
    newWebhook: (name) => `${hooks(name)}/gitea/new`,
    webhooks: hooks,
  }
}
