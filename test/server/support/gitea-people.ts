import { type Account, call } from './gitea-api.ts'

const ALL_SCOPES = ['all']
/** What `cc-ci serve` needs, and no more. */
const BOT_SCOPES = ['write:issue', 'write:repository', 'read:organization', 'read:user']

export async function makeUser(url: string, admin: Account, login: string): Promise<Account> {
  const password = `${login}-password-1`
  await call(url, admin, 'POST', '/admin/users', {
    username: login,
    password,
    email: `${login}@example.org`,
    must_change_password: false,
  })
  return makeToken(url, { login, password, token: '' }, login === 'bot' ? BOT_SCOPES : ALL_SCOPES)
}

/** The account with a new token of these scopes. */
export async function makeToken(url: string, account: Account, scopes: readonly string[]): Promise<Account> {
  const name = `test-${Date.now()}-${Math.random().toString(36).slice(2, 8)}`
  const { sha1 } = await call<{ sha1: string }>(
    url,
    { ...account, token: '' },
    'POST',
    `/users/${encodeURIComponent(account.login)}/tokens`,
    { name, scopes },
  )
  return { ...account, token: sha1 }
}

/** An organisation with the bot in a team that may write everywhere, and the member in one that may write too. */
export async function makeOrganisation(
  url: string,
  admin: Account,
  name: string,
  people: { readonly bot: string; readonly member: string },
): Promise<void> {
  await call(url, admin, 'POST', '/orgs', { username: name, visibility: 'public' })
  for (const [team, login] of [
    ['ci', people.bot],
    ['maintainers', people.member],
  ]) {
    const { id } = await call<{ id: number }>(url, admin, 'POST', `/orgs/${name}/teams`, {
      name: team,
      permission: 'write',
      includes_all_repositories: true,
      units: ['repo.code', 'repo.issues', 'repo.pulls'],
    })
    await call(url, admin, 'PUT', `/teams/${id}/members/${login}`)
  }
}
