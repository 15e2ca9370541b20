import type { Context, Hono } from 'hono'
import { FORGES } from '../../forge/forges.ts'
import { RECENT } from '../../memory/overview.ts'
import { endedFolders, stillWaiting, waitingCode } from '../../memory/waiting-code.ts'
import type { Viewer } from '../authenticator.ts'
import { sendPage } from '../send-page.ts'
import { approvalsPage, codePage } from './approvals.ts'
import { plainPage } from './layout.ts'
import type { PageServices } from './routes.ts'

export interface ApprovalRouteDeps {
  readonly services: Pick<PageServices, 'store' | 'operations' | 'settings' | 'memory' | 'clock'>
  readonly viewer: (c: Context) => Viewer
  /** Who sent this form; null: nobody who may. */
  readonly sender: (c: Context, form: Readonly<Record<string, unknown>>) => string | null
  readonly forbidden: (c: Context) => Response | Promise<Response>
  /** The page, or what an error of the operator's or the forge's says. */
  readonly orErrorPage: (c: Context, act: () => Promise<Response>) => Promise<Response>
}

/** Which code may run: the list, the code of one run's commit, and the clicks on both. For operators: it asks the forge. */
export function addApprovals(app: Hono, { services, viewer, sender, forbidden, orErrorPage }: ApprovalRouteDeps): void {
  const { store, operations, settings, memory, clock } = services
  const forgePages = FORGES[settings.forgeKind].pageUrls(settings.forgeUrl)

  app.get('/approvals', async (c) => {
    if (viewer(c).operator === null) return forbidden(c)
    const rows = await store.endsOfEach(RECENT)
    const approvals = operations.approvals()
    const waiting = stillWaiting(waitingCode(rows, memory.summaries(endedFolders(rows))), approvals)
    return sendPage(c, approvalsPage({ viewer: viewer(c), approvals, waiting, forgePages, now: clock.now() }))
  })

  app.post('/approvals/revoke', async (c) => {
    const form = await c.req.parseBody()
    const by = sender(c, form)
    if (by === null) return forbidden(c)
    return orErrorPage(c, async () => {
      await operations.revokeApproval(String(form.repository ?? ''), String(form.commit ?? ''), by)
      return c.redirect('/approvals', 303)
    })
  })

  app.get('/runs/:id/code', async (c) => {
    if (viewer(c).operator === null) return forbidden(c)
    const row = await store.run(c.req.param('id'))
    if (!row) return sendPage(c, plainPage(viewer(c), 'No such run', 'The address is wrong.'), 404)
    const { id: run, repository, commit } = row.request
    return orErrorPage(c, async () => {
      const code = await operations.codeOf(repository, commit)
      return sendPage(c, codePage({ viewer: viewer(c), run, repository, commit, code, forgePages }))
    })
  })

  app.post('/runs/:id/approve', async (c) => {
    const by = sender(c, await c.req.parseBody())
    if (by === null) return forbidden(c)
    const row = await store.run(c.req.param('id'))
    if (!row) return sendPage(c, plainPage(viewer(c), 'No such run', 'The address is wrong.'), 404)
    return orErrorPage(c, async () => {
      await operations.approve(row.request.repository, row.request.commit, by)
      return c.redirect(`/runs/${(await operations.rerun(row.request.id, by)).id}`, 303)
    })
  })
}
