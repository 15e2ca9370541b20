// cspell:ignore kysely
import type { Insertable } from 'kysely'
import type { Store } from '../contract/store.ts'
import { endedWith, endWithoutWorker, queuedRow } from '../runs/run-rows.ts'
import { type Context, changeQueue, type Trx } from './context.ts'
import type { DamagedFile } from './files/documents.ts'
import type { JournalLine } from './files/journal.ts'
import type { FolderFacts } from './files/run-files.ts'
import type { RunsTable } from './schema/tables.ts'

type Rebuilt = Awaited<ReturnType<Store['rebuild']>> & { readonly damaged: readonly DamagedFile[] }

/** How far before the newest decided comment polling begins again: a comment of that time may have been missed by the webhook. */
const CURSOR_MARGIN_MS = 60 * 60_000

/** Comments go first: they say which run of a comment is the one that counts. */
export async function rebuild(context: Context): Promise<Rebuilt> {
  const damaged: DamagedFile[] = []
  const note = (damage: DamagedFile) => void damaged.push(damage)
  const comments = await addJournal(context, note)
  const runs = await addRuns(context, note)
  const enrolments = await addDocuments(context, note)
  await addCursors(context)
  return { runs, comments, enrolments, damaged }
}

async function addJournal(context: Context, note: (damage: DamagedFile) => void): Promise<number> {
  let added = 0
  for (const batch of batches(latestLines(await context.journal.read(note)))) {
    const comments = batch.filter((line) => line.kind === 'comment')
    const refusals = batch.filter((line) => line.kind === 'refusal')
    if (comments.length > 0) {
      const rows = comments.map(({ kind, ...line }) => ({ ...line, repo: line.repository.toLowerCase() }))
      const result = await context.db
        .insertInto('comments')
        .values(rows)
        .onConflict((conflict) => conflict.doNothing())
        .executeTakeFirst()
      added += Number(result.numInsertedOrUpdatedRows ?? 0n)
    }
    if (refusals.length === 0) continue
    const rows = refusals.map(({ repository, pull, login }) => ({
      repo: repository.toLowerCase(),
      pull,
      login: login.toLowerCase(),
    }))
    await context.db
      .insertInto('refusals')
      .values(rows)
      .onConflict((conflict) => conflict.doNothing())
      .execute()
  }
  return added
}

/** A comment has two lines where the first decision was not committed; the later one counts. */
function latestLines(lines: readonly JournalLine[]): JournalLine[] {
  const byComment = new Map<string, JournalLine>()
  for (const line of lines) {
    const what = line.kind === 'comment' ? `comment ${line.comment}` : `refusal ${line.pull} ${line.login}`
    byComment.set(`${line.repository.toLowerCase()} ${what}`, line)
  }
  return [...byComment.values()]
}

async function addRuns(context: Context, note: (damage: DamagedFile) => void): Promise<number> {
  const attempts = new Map<string, FolderFacts[]>()
  for await (const facts of context.runFiles.all(note)) {
    const id = facts.request.attemptOf ?? facts.folder
    attempts.set(id, [...(attempts.get(id) ?? []), facts])
  }
  const known = await context.db.selectFrom('runs').select(['id', 'outcome']).execute()
  const ended = new Map(known.map((row) => [row.id, row.outcome !== null]))
  const news = [...attempts].filter(([id, folders]) => {
    const isEnded = ended.get(id)
    return isEnded === undefined || (!isEnded && folders.some((facts) => facts.outcome))
  })
  let added = 0
  for (const batch of batches(news)) {
    added += await changeQueue(context, async (trx) => {
      let count = 0
      for (const [id, folders] of batch) count += await addRun(context, trx, rowOf(id, folders), folders)
      return count
    })
  }
  return added
}

/** What the folders of one run, in any order, say of it. */
function rowOf(id: string, folders: readonly FolderFacts[]): ReturnType<typeof queuedRow> {
  const inOrder = [...folders].sort(
    (a, b) => (a.claimed?.attempt ?? 0) - (b.claimed?.attempt ?? 0) || a.folder.localeCompare(b.folder),
  )
  const newest = inOrder.at(-1) as FolderFacts
  const first = folders.find((facts) => facts.folder === id) ?? newest
  const outcome = inOrder.findLast((facts) => facts.outcome?.id === id)?.outcome ?? null
  const { claimed } = newest
  return {
    ...queuedRow({ ...first.request, id, attemptOf: null }),
    attempt: claimed?.attempt ?? 0,
    folder: newest.folder,
    harness: claimed?.harness ?? null,
    cancel_asked_at: first.cancel ? Date.parse(first.cancel.at) : null,
    cancel_reason: first.cancel?.reason ?? null,
    ...(outcome && {
      ...endedWith(outcome),
      worker: claimed?.worker ?? null,
      started_at: claimed ? Date.parse(claimed.at) : null,
    }),
  }
}

async function addRun(
  context: Context,
  trx: Trx,
  row: Insertable<RunsTable> & { id: string },
  folders: readonly FolderFacts[],
): Promise<number> {
  const request = folders[0]?.request
  const comment = request?.pull?.comment ?? null
  if (request && comment !== null) {
    const other = await runOfComment(trx, request.repository, comment, row.id, request.at)
    if (other !== row.id && !row.outcome) {
      const words = other ? `its comment was answered by ${other}` : 'its comment was decided otherwise'
      const outcome = endWithoutWorker(
        { id: row.id, folder: row.folder, attempt: row.attempt },
        'cancelled',
        words,
        context.clock.now(),
      )
      await context.runFiles.writeOutcome(row.folder, outcome)
      return addRun(context, trx, { ...row, ...endedWith(outcome) }, [])
    }
  }
  const added = await trx
    .insertInto('runs')
    .values(row)
    .onConflict((conflict) =>
      conflict
        .column('id')
        .doUpdateSet({
          state: row.state,
          outcome: row.outcome ?? null,
          finished_at: row.finished_at ?? null,
          lease_until: null,
        })
        .where((where) =>
          where.and([
            where('runs.state', 'in', ['queued', 'running']),
            where.val(Boolean(row.outcome)).$castTo<boolean>(),
          ]),
        ),
    )
    .executeTakeFirst()
  return Number(added.numInsertedOrUpdatedRows ?? 0n)
}

/** A run's folder says that its comment was decided, where the journal's line never came to be. */
async function runOfComment(
  trx: Trx,
  repository: string,
  comment: number,
  run: string,
  at: string,
): Promise<string | null> {
  const repo = repository.toLowerCase()
  await trx
    .insertInto('comments')
    .values({ repo, comment, repository, decision: 'run', at, run })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
  const row = await trx
    .selectFrom('comments')
    .select('run')
    .where('repo', '=', repo)
    .where('comment', '=', comment)
    .executeTakeFirstOrThrow()
  return row.run
}

async function addDocuments(context: Context, note: (damage: DamagedFile) => void): Promise<number> {
  const enrollments = await context.enrollmentFiles.read(note)
  for (const enrollment of enrollments) {
    const document = JSON.stringify(enrollment)
    await context.db
      .insertInto('enrolments')
      .values({ name: enrollment.name.toLowerCase(), document })
      .onConflict((conflict) => conflict.column('name').doUpdateSet({ document }))
      .execute()
  }
  for (const { name, tokenHash } of await context.workerFiles.read(note)) {
    await context.db
      .insertInto('workers')
      .values({ name, token_hash: tokenHash })
      .onConflict((conflict) => conflict.column('name').doUpdateSet({ token_hash: tokenHash }))
      .execute()
  }
  return enrollments.length
}

async function addCursors(context: Context): Promise<void> {
  const { db } = context
  const rows = await db.selectFrom('enrolments').select(['name', 'document']).execute()
  for (const { name, document } of rows) {
    const enrolledAt: string = JSON.parse(document).at
    const newest = await db
      .selectFrom('comments')
      .select(({ fn }) => fn.max('at').as('at'))
      .where((where) =>
        where.or([where('repo', '=', name), where('repo', 'like', `${name.replace(/[\\%_]/g, '\\$&')}/%`)]),
      )
      .executeTakeFirst()
    const at = newest?.at
      ? new Date(Math.max(Date.parse(newest.at) - CURSOR_MARGIN_MS, Date.parse(enrolledAt))).toISOString()
      : enrolledAt
    await db
      .insertInto('cursors')
      .values({ name, at })
      .onConflict((conflict) => conflict.doNothing())
      .execute()
  }
}

function* batches<T>(items: readonly T[], size = 500): Generator<T[]> {
  for (let at = 0; at < items.length; at += size) yield items.slice(at, at + size)
}
