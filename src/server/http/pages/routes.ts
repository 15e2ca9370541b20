import type { Context, Hono } from 'hono'
import { flakesOf } from '../../../history/flakes/of-run.ts'
import type { Clock } from '../../../lib/async/clock.ts'
import { CcCiError } from '../../../lib/errors.ts'
import { runFolder } from '../../../lifecycle/run-folder.ts'
import { chanceTexts } from '../../../report/flakes/flake-memory.ts'
import { sinceMarkup } from '../../../report/html/since.ts'
import { RUN_STATES } from '../../contract/request.ts'
import type { Operations } from '../../contract/services.ts'
import type { ServerSettings } from '../../contract/settings.ts'
import type { RunRow, Store } from '../../contract/store.ts'
import type { Sweeps } from '../../contract/sweeps.ts'
import { FORGES } from '../../forge/forges.ts'
import type { BaseMemory } from '../../memory/against-base.ts'
import { Overview } from '../../memory/overview.ts'
import { readRunAttribution } from '../../memory/run-attribution.ts'
import { stillWaiting } from '../../memory/waiting-code.ts'
import { newestAttribution, whyOffer } from '../../memory/why.ts'
import { readMirrorStates } from '../../mirrors/last-seen.ts'
import type { Retention } from '../../retention.ts'
import { timesText } from '../../settings/sweep-times.ts'
import type { Authenticator } from '../authenticator.ts'
import { firstAttemptOf, pictureOf, readRunFolder } from '../run-folder-view.ts'
import { sendPage } from '../send-page.ts'
import { addApprovals } from './approval-routes.ts'
import { causePage, isCause } from './cause.ts'
import { ASSETS, type Page, plainPage } from './layout.ts'
import { addLogPages } from './log-routes.ts'
import { ORDERS, type OverviewFilter, overviewPage, SHOWS } from './overview.ts'
import { queuePage } from './queue.ts'
import { addRecipes } from './recipe-routes.ts'
import { addReports } from './report-routes.ts'
import { type Paste, repositoriesPage } from './repositories.ts'
import { runPage } from './run.ts'
import { type RunsFilter, runsPage } from './runs.ts'
import { sweepPage, sweepsPage } from './sweeps.ts'
import { workersPage } from './workers.ts'

const PAGE = 50

export interface PageServices {
  readonly store: Store
  readonly operations: Operations
  readonly sweeps: Pick<Sweeps, 'order' | 'list' | 'one'>
  readonly settings: ServerSettings
  readonly clock: Clock
  readonly retention: Pick<Retention, 'seen'>
  readonly memory: Pick<BaseMemory, 'against' | 'since' | 'summaries'>
}

/** The pages for people, and the forms on them. */
export function addPages(app: Hono, services: PageServices, auth: Pick<Authenticator, 'viewer' | 'sender'>): void {
  const { store, operations, clock, memory } = services
  const viewer = (c: Context) => auth.viewer(c)
  const overview = new Overview(store, clock, {
    hasPicture: async (folder) => (await pictureOf(services.settings.state, folder)) !== null,
    summaries: (folders) => memory.summaries(folders),
  })
  // The first visitor need not wait for it; what goes wrong is told to who looks.
  overview.glances().catch(() => {})

  for (const { path, type, text } of ASSETS)
    app.get(path, (c) =>
      c.body(text, 200, { 'content-type': type, 'cache-control': 'public, max-age=31536000, immutable' }),
    )

  app.get('/', async (c) => {
    const [glances, running, queued, waiting, workers] = await Promise.all([
      overview.glances(),
      store.runs({ state: ['running'], limit: PAGE }),
      store.queue(20),
      store.waiting(),
      store.workers(),
    ])
    const { pruneMaxBytes: maxBytes } = services.settings
    const runsDisk = { ...services.retention.seen(), maxBytes }
    const data = {
      viewer: viewer(c),
      now: clock.now(),
      glances,
      running,
      queued,
      queueLength: lengthOf(waiting),
      workers,
    }
    return sendPage(c, overviewPage({ ...data, runsDisk, waitingCode: waitingCodes(c), filter: overviewFilter(c) }))
  })

  app.get('/queue', async (c) => {
    const [running, queued, waiting, workers] = await Promise.all([
      store.runs({ state: ['running'], limit: PAGE }),
      store.queue(2 * PAGE),
      store.waiting(),
      store.workers(),
    ])
    const data = { viewer: viewer(c), now: clock.now(), running, queued, queueLength: lengthOf(waiting), workers }
    return sendPage(c, queuePage(data))
  })

  app.get('/runs', async (c) => {
    const filter = filterOf(c)
    const pull = /^\d{1,9}$/.test(filter.pull) ? Number(filter.pull) : undefined
    const state = RUN_STATES.filter((one) => one === filter.state)
    const before = c.req.query('before')
    const rows = await store.runs({
      ...(filter.repository ? { repository: filter.repository } : {}),
      ...(pull === undefined ? {} : { pull }),
      ...(state.length > 0 ? { state } : {}),
      ...(before ? { before } : {}),
      limit: PAGE,
    })
    const last = rows.length === PAGE ? rows.at(-1) : undefined
    const next = last ? new URLSearchParams({ ...filter, before: last.request.id }).toString() : null
    return sendPage(c, runsPage({ viewer: viewer(c), now: clock.now(), rows, filter, next }))
  })

  app.get('/runs/:id', async (c) => {
    const row = await store.run(c.req.param('id'))
    const first = row ? null : await firstAttemptOf(services.settings.state, c.req.param('id'))
    if (first) return c.redirect(`/runs/${first}`, 302)
    if (!row)
      return sendPage(c, plainPage(viewer(c), 'No such run', 'It may have been removed, or the address is wrong.'), 404)
    const place = row.state === 'queued' ? await store.place(row.request.id, clock.now()) : null
    const { state, publicUrl, forgeUrl, forgeKind } = services.settings
    const forgePages = FORGES[forgeKind].pageUrls(forgeUrl)
    const [folder, why] = [await readRunFolder(state, row), await whyData(row)]
    const chance = folder.results && !folder.progress ? chanceTexts(flakesOf(state, folder.results)) : []
    const red = memory.since(row)
    const since = red && sinceMarkup(red, row.folder, (run) => `/runs/${run}`)
    const data = { viewer: viewer(c), row, place, forgePages, publicUrl, now: clock.now(), chance, since }
    return sendPage(c, runPage({ ...data, ...why, ...folder }))
  })

  for (const act of ['cancel', 'rerun', 'why'] as const) {
    app.post(`/runs/:id/${act}`, async (c) => {
      const by = auth.sender(c, await c.req.parseBody())
      if (by === null) return forbidden(c)
      const id = c.req.param('id')
      return orErrorPage(c, async () => {
        if (act === 'cancel') await operations.cancel(id, by)
        return c.redirect(`/runs/${act === 'cancel' ? id : (await operations[act](id, by)).id}`, 303)
      })
    })
  }

  app.post('/runs/:id/base', async (c) => {
    const by = auth.sender(c, await c.req.parseBody())
    if (by === null) return forbidden(c)
    const row = await store.run(c.req.param('id'))
    const against = row && (await memory.against(row))
    if (!row || against?.kind !== 'none' || against.missing === null)
      return sendPage(
        c,
        plainPage(viewer(c), 'Nothing to run', 'This run has what it is compared with, or none would help.'),
        409,
      )
    const { repository } = row.request
    const ref = against.missing
    return orErrorPage(c, async () => c.redirect(`/runs/${(await operations.start({ repository, ref }, by)).id}`, 303))
  })

  app.get('/repositories', async (c) => sendPage(c, await repositories(c, null, null)))

  app.post('/repositories', async (c) => {
    const form = await c.req.parseBody()
    const by = auth.sender(c, form)
    if (by === null) return forbidden(c)
    const allow = textOf(form.allow)
      .split(/[\s,]+/)
      .filter((login) => login !== '')
    return orErrorPage(c, async () => {
      const { enrollment, paste } = await operations.enroll({ name: textOf(form.name).trim(), allow }, by)
      return sendPage(c, await repositories(c, `${enrollment.name} is enrolled.`, paste))
    })
  })

  app.post('/repositories/remove', async (c) => {
    const form = await c.req.parseBody()
    const by = auth.sender(c, form)
    if (by === null) return forbidden(c)
    return orErrorPage(c, async () => {
      await operations.withdraw(textOf(form.name), by)
      return c.redirect('/repositories', 303)
    })
  })

  app.get('/causes/:code', (c) => {
    const code = c.req.param('code')
    if (!isCause(code)) return sendPage(c, plainPage(viewer(c), 'No such cause', 'The address is wrong.'), 404)
    return sendPage(c, causePage(viewer(c), code))
  })

  addLogPages(app, services, viewer)
  addRecipes(app, { services, viewer, sender: auth.sender, forbidden, orErrorPage })
  addReports(app, services, viewer)
  addApprovals(app, { services, viewer, sender: auth.sender, forbidden, orErrorPage })

  app.get('/workers', async (c) => sendPage(c, workersPage(viewer(c), await store.workers(), clock.now())))

  app.get('/sweeps', async (c) => {
    const { sweepAt } = services.settings
    const schedule = sweepAt && timesText(sweepAt)
    return sendPage(c, sweepsPage({ viewer: viewer(c), rows: await services.sweeps.list(PAGE), schedule }))
  })

  app.post('/sweeps', async (c) => {
    const form = await c.req.parseBody()
    const by = auth.sender(c, form)
    if (by === null) return forbidden(c)
    return orErrorPage(c, async () => {
      const mode = form.mode === 'changed' ? 'changed' : 'all'
      return c.redirect(`/sweeps/${(await services.sweeps.order({ by, mode, only: null })).id}`, 303)
    })
  })

  app.get('/sweeps/:id', async (c) => {
    const seen = await services.sweeps.one(c.req.param('id'))
    if (!seen) return sendPage(c, plainPage(viewer(c), 'No such sweep', 'The address is wrong.'), 404)
    return sendPage(c, sweepPage({ viewer: viewer(c), seen, linkTo: (run) => `/runs/${seen.runOf.get(run) ?? run}` }))
  })

  /** What the run changes, why it is red, or what it found as an attribution. */
  async function whyData(row: RunRow) {
    const against = row.request.why ? null : await memory.against(row)
    return {
      against,
      whyOffer: against && whyOffer(row, against),
      whyRun: against && (await newestAttribution(store, row)),
      attribution: row.request.why ? readRunAttribution(runFolder(services.settings.state, row.folder).dir) : null,
    }
  }

  async function repositories(c: Context, message: string | null, paste: Paste | null): Promise<Page> {
    const { state, forgeKind, forgeUrl } = services.settings
    const [enrollments, mirrors] = await Promise.all([store.enrollments(), readMirrorStates(state)])
    const seen = viewer(c)
    // It costs the forge a call for each: only operators can do something about it.
    const webhooks = seen.operator === null ? new Map() : await operations.webhooks(enrollments)
    const forgePages = FORGES[forgeKind].pageUrls(forgeUrl)
    await overview.glances()
    const data = { viewer: seen, enrollments, mirrors, webhooks, forgePages, message, paste }
    return repositoriesPage({ ...data, waitingCode: waitingCodes(c) })
  }

  /** How much code waits for an approval, as of the last reading; whose code may run is for operators to see. */
  function waitingCodes(c: Context): number {
    return viewer(c).operator === null ? 0 : stillWaiting(overview.waiting, operations.approvals()).length
  }

  /** An error of the person becomes a page; the rest is the app's to handle. */
  async function orErrorPage(c: Context, act: () => Promise<Response>): Promise<Response> {
    try {
      return await act()
    } catch (error) {
      if (!(error instanceof CcCiError) || error.blame !== 'user') throw error
      return sendPage(c, plainPage(viewer(c), 'That did not work', error.describe()), 400)
    }
  }

  function forbidden(c: Context): Response {
    const text = 'Log in as an operator; if you are, the form was too old: reload the page and send it again.'
    return sendPage(c, plainPage(viewer(c), 'Not allowed', text), 403)
  }
}

function filterOf(c: Context): RunsFilter {
  const [repository, pull, state] = ['repository', 'pull', 'state'].map((name) => c.req.query(name)?.trim() ?? '')
  return { repository: repository ?? '', pull: pull ?? '', state: state ?? '' }
}

/** All that wait. Not `counts`, which reads every run there ever was. */
function lengthOf(waiting: Awaited<ReturnType<Store['waiting']>>): number {
  return waiting.reduce((sum, { runs }) => sum + runs, 0)
}

function overviewFilter(c: Context): OverviewFilter {
  const [show, sort] = [c.req.query('show') ?? '', c.req.query('sort') ?? '']
  return {
    q: (c.req.query('q') ?? '').slice(0, 100),
    show: Object.hasOwn(SHOWS, show) ? (show as OverviewFilter['show']) : 'all',
    sort: Object.hasOwn(ORDERS, sort) ? (sort as OverviewFilter['sort']) : 'attention',
  }
}

function textOf(field: unknown): string {
  return typeof field === 'string' ? field : ''
}
