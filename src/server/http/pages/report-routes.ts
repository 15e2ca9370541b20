import type { Context, Hono } from 'hono'
import type { Clock } from '../../../lib/async/clock.ts'
import { weeklyFeed } from '../../../report/weekly/atom.ts'
import { weeklyMarkdown } from '../../../report/weekly/markdown.ts'
import type { ServerSettings } from '../../contract/settings.ts'
import { ReportShelf } from '../../reports.ts'
import type { Viewer } from '../authenticator.ts'
import { sendPage } from '../send-page.ts'
import { plainPage } from './layout.ts'
import { reportPage, reportsPage } from './reports.ts'

export interface ReportServices {
  readonly settings: Pick<ServerSettings, 'state' | 'publicUrl'>
  readonly clock: Clock
}

/** Whole, so that a reader need not come here; older ones nobody reads in a feed. */
const IN_FEED = 5

/** `/reports`, `/reports/2026-W48` and its `.md`, `/reports.atom`: for everybody who may see the runs, which is everybody. */
export function addReports(app: Hono, services: ReportServices, viewer: (c: Context) => Viewer): void {
  const { publicUrl, state } = services.settings
  const shelf = new ReportShelf({ state, clock: services.clock })
  const here = (run: string) => `/runs/${run}`
  const fromAway = (run: string) => `${publicUrl}/runs/${run}`

  app.get('/reports', (c) => sendPage(c, reportsPage(viewer(c), shelf.headlines())))

  app.get('/reports.atom', (c) => {
    const text = weeklyFeed(shelf.reports(IN_FEED), { publicUrl, link: fromAway })
    return c.body(text, 200, { 'content-type': 'application/atom+xml; charset=utf-8' })
  })

  app.get('/reports/:week', (c) => {
    const [, week = '', markdown] = /^([\w-]+)(\.md)?$/.exec(c.req.param('week')) ?? []
    const report = shelf.report(week)
    if (!report) {
      const text =
        'Reports are made of weeks that are over and in which something ran; their addresses end like 2026-W48.'
      return sendPage(c, plainPage(viewer(c), 'No such report', text), 404)
    }
    if (markdown === undefined) return sendPage(c, reportPage(viewer(c), report, here))
    return c.body(weeklyMarkdown(report, fromAway), 200, { 'content-type': 'text/markdown; charset=utf-8' })
  })
}
