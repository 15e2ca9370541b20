import { expect, test } from 'cc-ci/test'
import { call, workers } from '../../api.ts'

test('anybody may look, nobody may write', async ({ request, page }) => {
  await page.goto('/')
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible()
  expect((await request.get('/api/v1/queue')).status()).toBe(200)
  expect((await request.post('/api/v1/workers', { data: { name: 'stranger' } })).status()).toBe(401)
  expect((await request.post('/hooks/gitea', { data: { action: 'created' } })).status()).toBe(401)
})

test('the operator lets a worker in, and out again', async ({ app }) => {
  expect((await call(app, 'POST', '/workers', { name: 'second' })).status).toBe(201)
  expect(await workers(app)).toContain('second')
  expect((await call(app, 'DELETE', '/workers/second')).status).toBe(204)
  expect(await workers(app)).not.toContain('second')
})

test('the operator logs in on the page', async ({ app, page }) => {
  const { stdout: token } = await app.exec('app', ['cat', '/run/secrets/operator'])
  await page.goto('/login')
  await page.getByLabel('Operator token').fill(token.trim())
  await page.getByRole('button', { name: 'Log in' }).click()
  await expect(page.getByRole('button', { name: 'log out' })).toBeVisible()
})

test('a forge that is away is told, and nothing is enrolled', async ({ app }) => {
  const { status } = await call(app, 'POST', '/enrolments', { name: 'coop/nowhere' })
  expect(status).toBeGreaterThanOrEqual(500)
  expect((await call(app, 'GET', '/enrolments')).body).toEqual({ enrolments: [] })
})

test('the server has no worker of its own, and no engine', async ({ app }) => {
  const { exitCode } = await app.exec('app', ['test', '-e', '/var/run/docker.sock'], { allowFailure: true })
  expect(exitCode).toBe(1)
})
