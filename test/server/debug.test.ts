import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import type { Gitea } from './support/gitea.ts'
import { startRelay } from './support/relay.ts'
import { startServer } from './support/server.ts'

const TOKEN = '5f1d0c9b7a3e48d2b6c4'

test('DEBUG shows what a server asks of its forge and its queue, without its secrets', async () => {
  await using forge = await startRelay(() => ({ status: 404 }))
  const gitea = { url: forge.url, people: { bot: { token: TOKEN } } } as Gitea
  await using server = await startServer({ gitea, env: { DEBUG: 'cc-ci:forge,cc-ci:queue' } })
  const { stderr } = await server.command('enroll', `coop/${TOKEN}`, '--server', server.url)
  expect(stderr).not.toBe('')
  const log = await readFile(server.log, 'utf8')
  expect(log).toMatch(/cc-ci:forge \+\d+ms call answered method=GET path=\S*coop\/\*\*\* status=404 bytes=\d+ ms=\d+/)
  expect(log).not.toContain('cc-ci:wait')
  for (const secret of [TOKEN, server.operatorToken, server.webhookSecret]) expect(log).not.toContain(secret)
})
