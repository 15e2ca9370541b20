// cspell:ignore schemathesis pythonpath

import { CcCiError } from '../../src/lib/errors.ts'
import { formatDuration } from '../../src/lib/text/duration.ts'
import { ensureDebianParts } from './server-parts/debian.ts'
import { ensureGitea } from './server-parts/gitea-build.ts'
import { ensureSchemathesis } from './server-parts/schemathesis.ts'

/** What the server's tests need beyond `npm run setup`, on bare Debian 12: a C compiler, PostgreSQL, Go, a real Gitea, and a second client of the API. Nothing is done twice. */
const started = Date.now()
const log = (line: string) => process.stdout.write(`${formatDuration(Date.now() - started).padStart(8)}  ${line}\n`)

try {
  await ensureDebianParts(log)
  const { binary } = await ensureGitea(log)
  log(`Gitea: ${binary}`)
  log(`schemathesis: ${(await ensureSchemathesis(log)).env.PYTHONPATH}`)
  log('set-up of the server tests done')
} catch (error) {
  if (!(error instanceof CcCiError)) throw error
  process.stderr.write(`${error.describe()}\n`)
  process.exitCode = error.exitCode
}
