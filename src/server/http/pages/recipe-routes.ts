import type { Context, Hono } from 'hono'
import type { UpgradeTable } from '../../../history/upgrades/table.ts'
import type { RunRow } from '../../contract/store.ts'
import { FORGES } from '../../forge/forges.ts'
import { canonicalsOf, originMatcher, upgradeTablesOf } from '../../memory/kept-of-recipe.ts'
import { endedFolders, stillWaiting, waitingCode } from '../../memory/waiting-code.ts'
import type { Viewer } from '../authenticator.ts'
import { firstAttemptOf, pictureOf, readRunFolder } from '../run-folder-view.ts'
import { sendPage } from '../send-page.ts'
import { plainPage } from './layout.ts'
import { recipePage, SHOWN_RUNS } from './recipe.ts'
import type { PageServices } from './routes.ts'
import { upgradesPage } from './upgrades.ts'

/** As the forge spells them. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/

export interface RecipeRouteParts {
  readonly services: Pick<PageServices, 'store' | 'operations' | 'settings' | 'memory' | 'clock'>
  readonly viewer: (c: Context) => Viewer
  readonly sender: (c: Context, form: Readonly<Record<string, unknown>>) => string | null
  readonly forbidden: (c: Context) => Response | Promise<Response>
  readonly orErrorPage: (c: Context, act: () => Promise<Response>) => Promise<Response>
}

/** `/recipes/ORG/REPO`, the click on it, and the one picture that stands for a run. */
export function addRecipes(app: Hono, { services, viewer, sender, forbidden, orErrorPage }: RecipeRouteParts): void {
  const { store, operations, settings, memory, clock } = services
  const forgePages = FORGES[settings.forgeKind].pageUrls(settings.forgeUrl)

  app.get('/recipes/:organisation/:name', async (c) => {
    const { organisation, name } = c.req.param()
    const known = NAME.test(organisation) && NAME.test(name)
    const asked = `${organisation}/${name}`
    const [found, enrollment] = known
      ? await Promise.all([store.runs({ repository: asked, limit: SHOWN_RUNS + 1 }), store.enrollmentOf(asked)])
      : [[], null]
    if (found.length === 0 && enrollment === null)
      return sendPage(c, plainPage(viewer(c), 'No such recipe', 'It is not enrolled, and no run of it is known.'), 404)
    const rows = found.slice(0, SHOWN_RUNS)
    const repository = rows[0]?.request.repository ?? asked
    const newest = rows.find(({ state }) => state === 'done')
    const kept = keptOf(repository, rows)
    const [upgrades, canonicals] = [kept.upgrades(), kept.canonicals()]
    const data = {
      ...{ viewer: viewer(c), repository, rows, enrollment, forgePages, now: clock.now(), upgrades, canonicals },
      summaries: kept.summaries,
      waiting: stillWaiting(waitingCode(rows, kept.summaries), operations.approvals()),
      linkTo: await pagesOf([...canonicals.map(({ run }) => run), ...runsIn(upgrades[0])]),
      newest: newest ? (await readRunFolder(settings.state, newest)).results : null,
      // Whose code may run is for operators to see.
      approvals: (viewer(c).operator === null ? [] : operations.approvals()).filter(
        (approval) => approval.repository.toLowerCase() === repository.toLowerCase(),
      ),
      more: found.length > SHOWN_RUNS,
    }
    return sendPage(c, recipePage(data))
  })

  app.get('/recipes/:organisation/:name/upgrades/:id?', async (c) => {
    const { organisation, name, id } = c.req.param()
    const repository = `${organisation}/${name}`
    const rows = NAME.test(organisation) && NAME.test(name) ? await store.runs({ repository, limit: SHOWN_RUNS }) : []
    const all = keptOf(repository, rows).upgrades()
    const shown = (id === undefined ? all[0] : all.find((table) => table.id === id)) ?? null
    if (shown === null && (id !== undefined || rows.length === 0))
      return sendPage(c, plainPage(viewer(c), 'No such upgrades', 'The address is wrong, or they were removed.'), 404)
    const data = { viewer: viewer(c), repository: rows[0]?.request.repository ?? repository, shown, all }
    return sendPage(c, upgradesPage({ ...data, linkTo: await pagesOf(runsIn(shown)) }))
  })

  app.post('/recipes/:organisation/:name/test', async (c) => {
    const form = await c.req.parseBody()
    const by = sender(c, form)
    if (by === null) return forbidden(c)
    const { organisation, name } = c.req.param()
    const ref = typeof form.ref === 'string' ? form.ref.trim() : ''
    return orErrorPage(c, async () => {
      const order = { repository: `${organisation}/${name}`, ...(ref === '' ? {} : { ref }) }
      return c.redirect(`/runs/${(await operations.start(order, by)).id}`, 303)
    })
  })

  app.get('/runs/:id/screenshot.png', async (c) => {
    const row = await store.run(c.req.param('id'))
    if (row) {
      const path = await pictureOf(settings.state, row.folder)
      if (path !== null) return c.redirect(`/runs/${row.request.id}/files/${path}`, 302)
    }
    return c.body(null, 404)
  })

  /** What this machine keeps of a repository, found by the origin that its runs had. */
  function keptOf(repository: string, rows: readonly RunRow[]) {
    const summaries = memory.summaries(endedFolders(rows))
    const origins = [...summaries.values()].map(({ recipe }) => recipe.origin)
    const isOrigin = originMatcher(`${settings.forgeUrl}/${repository}.git`, origins)
    return {
      summaries,
      canonicals: () => canonicalsOf(settings.state, isOrigin),
      upgrades: () => upgradeTablesOf(settings.state, isOrigin),
    }
  }

  /** Where pages of runs are; runs that were made by hand have none. */
  async function pagesOf(runs: readonly string[]): Promise<(run: string) => string | null> {
    const found = await Promise.all(
      [...new Set(runs)].map(async (run) => {
        const known = (await store.run(run)) !== null || (await firstAttemptOf(settings.state, run)) !== null
        return known ? [run] : []
      }),
    )
    const pages = new Set(found.flat())
    return (run) => (pages.has(run) ? `/runs/${run}` : null)
  }
}

function runsIn(table: UpgradeTable | null | undefined): string[] {
  return (table?.rows ?? []).flatMap(({ run }) => run ?? [])
}
