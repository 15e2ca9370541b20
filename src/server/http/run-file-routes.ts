import { Readable } from 'node:stream'
import { Hono } from 'hono'
import { fateOf } from '../../history/retention/pruned-record.ts'
import { isRunId } from '../../lib/ids.ts'
import { type RunFolder, runFolder } from '../../lifecycle/run-folder.ts'
import { UPLOADED } from '../contract/protocol.ts'
import type { Store } from '../contract/store.ts'
import { readResults } from '../runs/outcome.ts'
import { HttpError } from './http-error.ts'
import { openBelow } from './open-below.ts'

/** A report is somebody else's page: no origin, no script, nothing from elsewhere. */
const REPORT_POLICY = "sandbox; default-src 'none'; img-src 'self' data:; style-src 'unsafe-inline'"
const FILE_POLICY = "sandbox; default-src 'none'"

export interface FileServices {
  readonly store: Pick<Store, 'run'>
  readonly state: string
}

/** `/runs/:id/files/*path`: what the newest attempt of a run left, to read and never to run. */
export function fileRoutes({ store, state }: FileServices): Hono {
  const app = new Hono()
  app.get('/runs/:id/files/:path{.+}', async (c) => {
    const { id, path } = c.req.param()
    const row = isRunId(id) && UPLOADED.test(path) ? await store.run(id) : null
    const file = row ? await openBelow(runFolder(state, row.folder).dir, path) : null
    if (!file) throw row ? await refusalOf(runFolder(state, row.folder), path) : NO_FILE()
    const { size } = await file.stat()
    const headers = { ...kindOf(path), 'content-length': String(size) }
    if (size > 0)
      return new Response(Readable.toWeb(file.createReadStream({ end: size - 1 })) as ReadableStream<Uint8Array>, {
        headers,
      })
    await file.close()
    return new Response('', { headers })
  })
  return app
}

const NO_FILE = () => new HttpError(404, 'no-such-file', 'there is no such file')

/** What was pruned is not said never to have been. */
async function refusalOf({ dir, results }: RunFolder, path: string): Promise<HttpError> {
  const { artifacts } = await readResults(results).catch(() => ({ artifacts: [] }))
  const fate = fateOf(dir, path, { artifacts })
  if (fate.state !== 'pruned') return NO_FILE()
  const message = `it was pruned on ${fate.at.slice(0, 10)} to save disk`
  return new HttpError(410, 'pruned', message, 'The results of the run stay, on its page and in results.json.')
}

function kindOf(path: string): Record<string, string> {
  if (path === 'report.html') {
    return { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': REPORT_POLICY }
  }
  const type = path.endsWith('.png')
    ? 'image/png'
    : path.endsWith('.json')
      ? 'application/json; charset=utf-8'
      : 'text/plain; charset=utf-8'
  // A comment on a pull request shows pictures within a page of the forge.
  const sharing: Record<string, string> = type === 'image/png' ? { 'cross-origin-resource-policy': 'cross-origin' } : {}
  return { 'content-type': type, 'content-security-policy': FILE_POLICY, ...sharing }
}
