import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { UsageError } from '../../src/lib/errors.ts'
import { openStore } from '../../src/server/storage/open.ts'
import { FakeClock } from '../../test/server/storage/bench.ts'
import { whatTheStoreSays } from '../../test/server/storage/released/answers.ts'
import { fillStore } from '../../test/server/storage/released/fill.ts'
import { startPostgres } from '../../test/server/support/postgres.ts'

/**
 * Keeps the schema of the version that is being released, with rows in it: `test/server/storage/released/VERSION.sql` and what the store says
 * of them, `VERSION.json`. Once, with the release; then a line in RELEASED of src/server/storage/schema/migrations.ts.
 */
const [version] = process.argv.slice(2)
if (!version || !/^\d+\.\d+\.\d+$/.test(version))
  throw new UsageError('bad-version', 'which version? node scripts/release/freeze-schema.ts X.Y.Z')
const folder = join(import.meta.dirname, '..', '..', 'test', 'server', 'storage', 'released')
const state = await mkdtemp(join(tmpdir(), 'cc-ci-freeze-'))
const postgres = await startPostgres()
try {
  const databaseUrl = await postgres.database()
  const store = await openStore({ state, databaseUrl, clock: new FakeClock() })
  await fillStore(store)
  const dump = await postgres.dump(databaseUrl)
  const said = await whatTheStoreSays(store)
  await store.close()
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, `${version}.json`), `${JSON.stringify(said, null, 2)}\n`, { flag: 'wx' })
  await writeFile(join(folder, `${version}.sql`), dump, { flag: 'wx' })
} finally {
  await postgres.close()
  await rm(state, { recursive: true, force: true })
}
