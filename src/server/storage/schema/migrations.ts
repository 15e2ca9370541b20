// cspell:ignore kysely
import { type Kysely, sql } from 'kysely'
import type { Migration } from 'kysely/migration'

/** Every change of the schema, oldest first, never edited once it is released. */
export const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '0001-first': { up: first },
  '0002-trouble-of-workers': {
    up: (db) => sql`alter table workers add column trouble text`.execute(db).then(() => {}),
  },
  '0003-disks-of-workers': {
    up: (db) => sql`alter table workers add column disks text`.execute(db).then(() => {}),
  },
  '0004-smallest-queued': {
    up: (db) => sql`create index runs_queue_memory on runs (memory) where state = 'queued'`.execute(db).then(() => {}),
  },
}

/**
 * The newest migration of each version, the coming one included: an installed server may stand at any of them. `node scripts/release/freeze-schema.ts VERSION` keeps its
 * schema, with rows in it, and a test upgrades from there.
 */
export const RELEASED: readonly { readonly version: string; readonly migration: string }[] = [
  // Not released; servers that followed the main branch may stand at it.
  { version: '0.1.0-alpha', migration: '0001-first' },
  { version: '0.1.0', migration: '0002-trouble-of-workers' },
]

async function first(db: Kysely<unknown>): Promise<void> {
  for (const statement of FIRST) await sql.raw(statement).execute(db)
}

const FIRST = [
  `create table runs (
    id text primary key,
    repo text not null,
    pull integer,
    priority smallint not null,
    at double precision not null,
    memory double precision not null,
    request text not null,
    state text not null check (state in ('queued', 'running', 'done', 'cancelled', 'error')),
    attempt integer not null,
    folder text not null,
    worker text,
    harness text,
    lease_token text,
    lease_until double precision,
    lease_ms double precision,
    started_at double precision,
    cancel_asked_at double precision,
    cancel_reason text,
    outcome text,
    finished_at double precision,
    by_worker boolean not null default false
  )`,
  `create index runs_queue on runs (repo, priority, at, id) where state = 'queued'`,
  `create index runs_active on runs (repo, pull) where state = 'running'`,
  'create index runs_pull on runs (repo, pull, at, id)',
  'create index runs_state on runs (state, finished_at)',
  `create table turns (repo text primary key, at double precision not null)`,
  `create table comments (
    repo text not null, comment double precision not null, repository text not null, decision text not null, at text not null, run text,
    primary key (repo, comment)
  )`,
  `create table refusals (repo text not null, pull integer not null, login text not null, primary key (repo, pull, login))`,
  'create table enrolments (name text primary key, document text not null)',
  `create table answers (
    key text primary key,
    answer text not null,
    version integer not null,
    tries integer not null,
    remote_id double precision,
    pending boolean not null,
    due_at double precision not null,
    handed_at double precision not null
  )`,
  'create index answers_due on answers (due_at) where pending',
  'create table cursors (name text primary key, at text not null)',
  `create table workers (
    name text primary key,
    token_hash text unique,
    seen_at double precision,
    memory double precision,
    free double precision,
    harness text
  )`,
]
