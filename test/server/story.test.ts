import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { buildRecipe } from '../../fixtures/recipes/build.ts'
import type { Account, Gitea } from './support/gitea.ts'
import { startGitea } from './support/gitea.ts'
import { pushRecipe, startServer, type TestServer } from './support/server.ts'

const MARKER = '<!-- cc-ci:testme -->'
const RECIPE = 'coop/healthy'

interface Run {
  readonly request: { readonly id: string; readonly commit: string }
  readonly state: string
  readonly outcome: {
    readonly verdict: string | null
    readonly level: number | null
    readonly message: string
    readonly teardown: string
  } | null
}

async function stage(): Promise<{ gitea: Gitea; server: TestServer }> {
  const gitea = await startGitea()
  onTestFinished(() => gitea[Symbol.asyncDispose]())
  const dir = await mkdtemp(join(tmpdir(), 'cc-ci-story-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  await pushRecipe(gitea, RECIPE, (await buildRecipe('healthy', join(dir, 'healthy'))).dir)
  // Polling is the backstop: what comes within a minute here came by webhook.
  const server = await startServer({ gitea, env: { CC_CI_POLL: '60s' } })
  onTestFinished(() => server[Symbol.asyncDispose]())
  return { gitea, server }
}

test('from enrolment to a verdict, a refusal, a cancel and a re-run', async () => {
  const { gitea, server } = await stage()
  const { member, stranger } = gitea.people

  // The bot may write, and is no owner: what it cannot do itself, somebody pastes.
  const enrolled = await server.command('enroll', RECIPE, '--server', server.url, '--json')
  expect(enrolled, enrolled.stderr).toMatchObject({ exitCode: 0 })
  const { paste } = JSON.parse(enrolled.stdout)
  await gitea.api(gitea.people.admin, 'POST', `/repos/${RECIPE}/hooks`, {
    ...{ type: 'gitea', active: true, events: paste.events },
    config: { url: paste.url, content_type: paste.contentType, secret: server.webhookSecret },
  })

  const first = await gitea.push({
    ...{ as: member, repository: RECIPE, branch: 'change' },
    files: { 'README.md': 'A change.\n', 'cc-ci/tests/custom/page.spec.ts': SPEC },
  })
  const { number } = await gitea.openPull({ as: member, repository: RECIPE, head: 'change' })
  const say = (as: Account, body: string) => gitea.comment(as, RECIPE, number, body)
  const ours = async () => (await gitea.comments(RECIPE, number)).filter(({ author }) => author === 'bot')
  const status = async (commit: string) =>
    (await gitea.statuses(RECIPE, commit)).find(({ context }) => context === 'cc-ci/testme')
  const runs = async () => (await server.api<{ runs: Run[] }>('GET', `/runs?repository=${RECIPE}`)).runs
  const newest = async () => (await runs())[0] as Run
  const ended = (id: string) =>
    server.until(
      `the end of ${id}`,
      async () => {
        const run = await newest()
        return run.request.id === id && !['queued', 'running'].includes(run.state)
      },
      240_000,
    )

  // A stranger is refused, politely and once, and nothing runs.
  await say(stranger, '!testme')
  await server.until('the refusal', async () => (await ours()).length === 1)
  expect((await ours())[0]?.body).toContain('stranger')
  await say(stranger, '!testme')
  expect(await runs()).toEqual([])

  // A member is answered within a second and gets the whole life.
  await say(member, '!testme')
  const asked = Date.now()
  await server.until('the pending status', async () => (await status(first))?.state === 'pending')
  process.stdout.write(`pending after ${Date.now() - asked} ms\n`)
  const one = await newest()
  expect(one.request.commit).toBe(first)
  expect((await status(first))?.url).toBe(`${server.url}/runs/${one.request.id}`)
  await ended(one.request.id)
  await server.until('the status of the end', async () => (await status(first))?.state !== 'pending')
  // The pull request brings a test of its own that nobody approved.
  expect((await newest()).outcome).toMatchObject({ verdict: 'unverified', teardown: 'clean' })
  await server.until('the comment of the end', async () => (await ours())[0]?.body.includes('| upgrade |') === true)
  const [comment, ...others] = await ours()
  expect(others).toEqual([])
  expect(comment?.body.startsWith(MARKER)).toBe(true)
  expect(comment?.body).toContain('code-refused')
  expect((await fetch(`${server.url}/runs/${one.request.id}`)).status).toBe(200)
  expect((await fetch(`${server.url}/runs/${one.request.id}/files/report.html`)).status).toBe(200)

  // Approved at this commit it runs and passes; after a push a comment that names the old head means nothing.
  await server.api('POST', '/approvals', { repository: RECIPE, commit: first })
  await say(member, `!testme ${first.slice(0, 10)}`)
  await server.until('a second run', async () => (await runs()).length === 2)
  const two = await newest()
  await ended(two.request.id)
  expect((await newest()).outcome).toMatchObject({ verdict: 'pass', teardown: 'clean' })
  await server.until('success', async () => (await status(first))?.state === 'success')
  const second = await gitea.push({
    ...{ as: member, repository: RECIPE, branch: 'change', files: { 'README.md': 'Another change.\n' } },
  })
  await gitea.headIs(RECIPE, number, second)
  await say(member, `!testme ${first.slice(0, 10)}`)
  await server.until(
    'the refusal of the old head',
    async () => (await ours())[0]?.body.includes(second.slice(0, 12)) === true,
  )
  expect(await runs()).toHaveLength(2)

  // Cancelled: over within 5 s, and what it had made is gone.
  await say(member, '!testme')
  await server.until('a third run', async () => (await newest()).state === 'running')
  const three = await newest()
  expect(three.request.commit).toBe(second)
  await say(member, '!cancel')
  const cancelled = Date.now()
  await ended(three.request.id)
  process.stdout.write(`cancelled after ${Date.now() - cancelled} ms\n`)
  expect(await newest()).toMatchObject({ state: 'cancelled' })
  await server.until(
    'its teardown',
    async () => ['clean', 'none'].includes((await newest()).outcome?.teardown ?? ''),
    90_000,
  )
  await server.until('the status of the cancel', async () => (await status(second))?.state === 'error')

  // Again, by the operator, who has taken the approval back: it held for this commit too, which left the code alone.
  await server.api('DELETE', `/approvals?repository=${encodeURIComponent(RECIPE)}&commit=${first}`)
  const again = await server.api<{ id: string }>('POST', `/runs/${three.request.id}/rerun`)
  await ended(again.id)
  expect((await newest()).outcome).toMatchObject({ verdict: 'unverified', teardown: 'clean' })
  await server.until('the last comment', async () => (await ours())[0]?.body.includes('code-refused') === true)
  expect(await ours()).toHaveLength(1)
  const shown = await server.command('runs', '--server', server.url)
  expect(shown.stdout).toContain(again.id)
}, 900_000)

const SPEC = `import { expect, test } from 'cc-ci/test'

test('the page is there', async ({ request }) => {
  expect((await request.get('/')).ok()).toBe(true)
})
`
