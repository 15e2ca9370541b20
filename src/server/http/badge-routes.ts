import { createHash } from 'node:crypto'
import { type Context, Hono } from 'hono'
import { type Badge, badgeSvg } from '../../report/badge.ts'
import { levelName } from '../../verdict/level.ts'
import { repositoryName } from '../contract/request.ts'
import type { RunRow, Store } from '../contract/store.ts'

const MOST_RUNS = 300
/** Seconds for which a cache may show it without asking. */
const FRESH_S = 60

/**
 * `/repositories/ORG/REPO/badge.svg`: the newest verdict of the default branch or the newest release, or, with `?branch=NAME`, of that branch, as far as
 * runs were asked for by its name. For everybody, as the pages of runs are, and for pages of other sites.
 */
export function badgeRoutes({ store }: { readonly store: Pick<Store, 'runs' | 'enrollmentOf'> }): Hono {
  const app = new Hono()
  app.get('/repositories/:owner/:name/badge.svg', async (c) => {
    const repository = `${c.req.param('owner')}/${c.req.param('name')}`
    const isKnown = repositoryName.safeParse(repository).success && (await store.enrollmentOf(repository)) !== null
    if (!isKnown) return svg(c, badgeSvg({ ...NOTHING, kind: 'unknown', title: 'cc-ci: not enrolled' }), 404)
    const rows = await store.runs({ repository, pull: null, state: ['done'], limit: MOST_RUNS })
    const row = judgedRun(rows, c.req.query('branch') || null)
    return svg(
      c,
      badgeSvg(row ? badgeOf(repository, row) : { ...NOTHING, title: `${repository}: not judged yet` }),
      200,
    )
  })
  return app
}

const NOTHING = { kind: 'none', level: null, flaky: false } as const

/**
 * The run that a badge shows; `rows`: newest first. Never one of a pull request, part of a life (`--quick`), or an older commit that somebody asked for by its id.
 * `branch` null: the default branch, or the newest release, which sweeps judge.
 */
function judgedRun(rows: readonly RunRow[], branch: string | null): RunRow | null {
  const counts = ({ request: { pull, why, quick, sweep, ref }, outcome }: RunRow) => {
    if (pull || why || quick || !outcome?.verdict) return false
    if (branch !== null) return ref?.name === branch
    return sweep ? sweep.pull === null : ref?.isDefault === true
  }
  return rows.find(counts) ?? null
}

function badgeOf(repository: string, { outcome }: RunRow): Badge {
  const { verdict, level = null, flaky, finishedAt = '' } = outcome ?? {}
  const reached = level === null ? '' : `, level ${level} (${levelName(level)})`
  const title = `${repository}: ${verdict}${reached}${flaky ? `, ${flaky}` : ''}, ${finishedAt.slice(0, 10)}`
  return { kind: verdict ?? 'none', level, flaky: flaky !== undefined, title }
}

function svg(c: Context, text: string, status: 200 | 404): Response {
  const etag = `"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"`
  const headers = {
    etag,
    'cache-control': `public, max-age=${FRESH_S}`,
    'content-security-policy': "sandbox; default-src 'none'",
    'cross-origin-resource-policy': 'cross-origin',
  }
  if (status === 200 && isSame(c.req.header('if-none-match'), etag)) return c.body(null, 304, headers)
  return c.body(text, status, { ...headers, 'content-type': 'image/svg+xml; charset=utf-8' })
}

/** What a cache has, by the weak comparison that a GET asks for. */
function isSame(known: string | undefined, etag: string): boolean {
  const tags = known?.split(',').map((tag) => tag.trim().replace(/^W\//, '')) ?? []
  return tags.includes(etag) || tags.includes('*')
}
