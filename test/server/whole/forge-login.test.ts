// cspell:ignore PKCE
import type { BrowserContext, Page } from 'playwright-core'
import { expect, onTestFinished, test } from 'vitest'
import { startBrowser, type TestBrowser } from '../support/browser.ts'
import { type Account, type Gitea, startGitea } from '../support/gitea.ts'
import { freePort } from '../support/gitea-process.ts'
import { startServer, type TestServer } from '../support/server.ts'

/** A server with an OAuth2 application of its own at a real forge. To a browser they are two sites: a name and a number. */
async function stage(): Promise<{ gitea: Gitea; server: TestServer; url: string; browser: TestBrowser }> {
  const gitea = await startGitea()
  onTestFinished(() => gitea[Symbol.asyncDispose]())
  const port = await freePort()
  const url = `http://localhost:${port}`
  const order = { name: 'cc-ci', redirect_uris: [`${url}/login/forge/callback`], confidential_client: true }
  const path = '/user/applications/oauth2'
  const { admin } = gitea.people
  const application = await gitea.api<{ client_id: string; client_secret: string }>(admin, 'POST', path, order)
  const oauth = { CC_CI_OAUTH_CLIENT_ID: application.client_id, CC_CI_OAUTH_CLIENT_SECRET: application.client_secret }
  const env = { ...oauth, CC_CI_OPERATORS: gitea.organisation, CC_CI_WORKER_MEMORY: '0' }
  const server = await startServer({ gitea, env, port, publicUrl: url })
  onTestFinished(() => server[Symbol.asyncDispose]())
  const browser = await startBrowser()
  onTestFinished(() => browser[Symbol.asyncDispose]())
  return { gitea, server, url, browser }
}

/** From our page to the forge's consent: logs in there. */
async function toConsent(visitor: BrowserContext, url: string, { login, password }: Account): Promise<Page> {
  const page = await visitor.newPage()
  await page.goto(`${url}/login`)
  await page.click('a[href="/login/forge"]')
  await page.fill('#user_name', login)
  await page.fill('#password', password)
  await page.press('#password', 'Enter')
  await page.waitForSelector('#authorize-app')
  return page
}

/** Consents, and gives the address that the forge sent the browser to, which has the code in it. */
async function consent(page: Page): Promise<string> {
  const [back] = await Promise.all([
    page.waitForRequest((request) => request.url().includes('/login/forge/callback')),
    page.click('#authorize-app'),
  ])
  await page.waitForLoadState()
  return back.url()
}

test('a member of the organisation logs in by the forge and may act; a code is worth nothing a second time or elsewhere', async () => {
  const { gitea, url, browser } = await stage()
  const { member, stranger } = gitea.people

  const visitor = await browser.visitor()
  const page = await toConsent(visitor, url, member)
  const back = await consent(page)
  await page.waitForURL(`${url}/`)
  await expect.poll(() => page.textContent('form[action="/logout"]')).toContain(member.login)
  // Not only greeted: the session's own token lets a form through.
  await page.goto(`${url}/repositories`)
  await page.fill('input[name="name"]', gitea.repository)
  await page.click('form:has(input[name="name"]) button')
  const enrolments = async () => (await fetch(`${url}/api/v1/enrolments`)).json()
  await expect
    .poll(enrolments, { timeout: 20_000 })
    .toMatchObject({ enrolments: [{ name: gitea.repository, by: member.login }] })

  // The same answer again, in the browser that it was for and in another one.
  expect(await statusOf(visitor, back)).toBe(403)
  const thief = await browser.visitor()
  expect(await statusOf(thief, back)).toBe(403)
  expect(await operatorIn(thief, url)).toBe(false)
  // A login that the thief began, answered with the member's code: the forge asks for the verifier that goes with it.
  const begun = await thief.request.get(`${url}/login/forge`, { maxRedirects: 0 })
  const state = new URL(begun.headers().location ?? '').searchParams.get('state') ?? ''
  const fresh = await codeAgain(visitor, url)
  expect(new URL(fresh).searchParams.get('code')).toBeTruthy()
  expect(await statusOf(thief, withState(fresh, state))).toBe(403)
  expect(await operatorIn(thief, url)).toBe(false)

  const outsider = await browser.visitor()
  const refused = await toConsent(outsider, url, stranger)
  await consent(refused)
  expect(await refused.textContent('body')).toContain(`${stranger.login} is no member of ${gitea.organisation}`)
  expect(await operatorIn(outsider, url)).toBe(false)
})

/** Somebody who is logged in at the forge and has consented before starts over, and stops before our server sees the code. */
async function codeAgain(visitor: BrowserContext, url: string): Promise<string> {
  const next = async (address: string) => {
    const { location } = (await visitor.request.get(address, { maxRedirects: 0 })).headers()
    return location ?? ''
  }
  return next(await next(`${url}/login/forge`))
}

function withState(address: string, state: string): string {
  const url = new URL(address)
  url.searchParams.set('state', state)
  return url.href
}

async function statusOf(visitor: BrowserContext, address: string): Promise<number> {
  return (await visitor.request.get(address, { maxRedirects: 0 })).status()
}

async function operatorIn(visitor: BrowserContext, url: string): Promise<boolean> {
  return (await (await visitor.request.get(`${url}/`)).text()).includes('action="/logout"')
}
