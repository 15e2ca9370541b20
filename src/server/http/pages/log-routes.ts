import type { Context, Hono } from 'hono'
import { isRunId } from '../../../lib/ids.ts'
import { runFolder } from '../../../lifecycle/run-folder.ts'
import { logName } from '../../../report/html/log.ts'
import { UPLOADED } from '../../contract/protocol.ts'
import type { Store } from '../../contract/store.ts'
import type { Viewer } from '../authenticator.ts'
import { readLogPage, searchLog } from '../log-lines.ts'
import { openBelow } from '../open-below.ts'
import { readRunFolder } from '../run-folder-view.ts'
import { sendPage } from '../send-page.ts'
import { plainPage } from './layout.ts'
import { LOG_PAGE_LINES, logPage } from './log.ts'

const MOST_MATCHES = 300

export interface LogServices {
  readonly store: Pick<Store, 'run'>
  readonly settings: { readonly state: string }
}

/** `/runs/:id/log/*path`: a log for people, in pages, with search. */
export function addLogPages(
  app: Hono,
  { store, settings: { state } }: LogServices,
  viewer: (c: Context) => Viewer,
): void {
  app.get('/runs/:id/log/:path{.+}', async (c) => {
    const { id, path } = c.req.param()
    const below = `logs/${path}`
    const row = isRunId(id) && UPLOADED.test(below) ? await store.run(id) : null
    const file = row ? await openBelow(runFolder(state, row.folder).dir, below) : null
    if (!row || !file)
      return sendPage(c, plainPage(viewer(c), 'No such log', 'It may have been pruned, or the address is wrong.'), 404)
    try {
      const search = (c.req.query('q') ?? '').slice(0, 200)
      const from = Math.max(1, Math.floor(Number(c.req.query('from') ?? 1)) || 1)
      const shown =
        search === ''
          ? await readLogPage(file, { from, count: LOG_PAGE_LINES })
          : await searchLog(file, search, MOST_MATCHES)
      const { results } = await readRunFolder(state, row)
      const name = results ? logName(below, results) : path
      return sendPage(c, logPage({ viewer: viewer(c), row, path, name, search, shown }))
    } finally {
      await file.close()
    }
  })
}
