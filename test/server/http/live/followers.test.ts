import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runFolder } from '../../../../src/lifecycle/run-folder.ts'
import type { RunRow } from '../../../../src/server/contract/store.ts'
import { HttpError } from '../../../../src/server/http/http-error.ts'
import { liveRoutes } from '../../../../src/server/http/live/routes.ts'

/** As many as may follow at a time. */
const MOST = 300

test('one page more than may follow runs is refused with what to do, until another one leaves', async () => {
  await using stage = liveStage()
  const followers = await Promise.all(Array.from({ length: MOST }, () => stage.follow()))
  expect(new Set(followers.map(({ status }) => status))).toEqual(new Set([200]))

  const refused = await stage.follow()
  expect(refused.status).toBe(503)
  expect(await refused.json()).toEqual({
    code: 'too-many-followers',
    message: 'too many pages follow runs now',
    hint: 'Reload the page to see how far it is.',
  })

  await followers[0]?.body?.cancel()
  await expect.poll(async () => (await stage.follow()).status).toBe(200)
})

/** The routes of live pages, and one run that is under way. */
function liveStage() {
  const state = mkdtempSync(join(tmpdir(), 'cc-ci-live-'))
  const id = '20261201-120000-aaaaaa'
  const folder = runFolder(state, id)
  mkdirSync(folder.dir, { recursive: true })
  writeFileSync(folder.events, '')
  const row = { request: { id }, folder: id, state: 'running' } as RunRow
  const stop = new AbortController()
  const app = liveRoutes({
    store: { run: async () => row },
    state,
    masker: { mask: (text) => text },
    stopping: stop.signal,
  })
  app.onError((error, c) => {
    if (!(error instanceof HttpError)) throw error
    const { code, message, hint } = error
    return c.json({ code, message, hint }, 503)
  })
  return {
    follow: async () => app.request(`/runs/${id}/live`),
    async [Symbol.asyncDispose]() {
      stop.abort()
      rmSync(state, { recursive: true, force: true })
    },
  }
}
