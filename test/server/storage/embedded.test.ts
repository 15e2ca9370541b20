import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { openStore } from '../../../src/server/storage/open.ts'

const CHILD = fileURLToPath(new URL('writer-child.ts', import.meta.url))

test('a second process on the embedded database is refused with the pid of the first, by whatever path', async () => {
  const state = await mkdtemp(join(tmpdir(), 'cc-ci-store-'))
  const child = spawn(process.execPath, [CHILD, state, ''], { stdio: ['ignore', 'pipe', 'inherit'] })
  const exit = once(child, 'exit')
  try {
    await once(child.stdout, 'data')
    const other = `${state}-link`
    await symlink(state, other)
    for (const path of [state, other]) {
      await expect(openStore({ state: path, databaseUrl: null })).rejects.toMatchObject({
        code: 'database-in-use',
        message: expect.stringContaining(`process ${child.pid}`),
      })
    }
    await rm(other)
  } finally {
    child.kill('SIGKILL')
    await exit
  }
  const store = await openStore({ state, databaseUrl: null })
  expect((await store.counts()).queued).toBeGreaterThanOrEqual(0)
  await expect(openStore({ state, databaseUrl: null })).rejects.toMatchObject({ code: 'database-in-use' })
  await store.close()
  await store.close()
  await (await openStore({ state, databaseUrl: null })).close()
  await rm(state, { recursive: true })
})
