import { CcCiError, RecipeError } from '../../lib/errors.ts'
import type { ComposeService } from '../../recipe/model.ts'
import type { WitnessContext } from './contract.ts'
import type { Fingerprint, TableShape } from './fingerprint.ts'
import {
  countSql,
  type DatabaseListing,
  dropSql,
  isCountable,
  LIST,
  MAX_TABLES,
  MYSQL,
  parseCounts,
  parseList,
  plantSql,
} from './mariadb-sql.ts'
import { type ClientCall, type DatabaseServer, imageName, queryServer, unreadableReason } from './server.ts'
import { type DatabaseState, type SqlDialect, sqlWitness } from './sql-witness.ts'

const IMAGE = /^(alpine-)?(mariadb|mysql|percona)(-server|-galera|-lts)?$|^community-server$/i
/** Variables that initialise a server; those of its users and databases stand in the environment of apps as well. */
const VARIABLE =
  /^(MARIADB|MYSQL)_(ROOT_PASSWORD|RANDOM_ROOT_PASSWORD|ALLOW_EMPTY_ROOT_PASSWORD|ALLOW_EMPTY_PASSWORD|AUTO_UPGRADE|INITDB_SKIP_TZINFO)(_FILE|_HASH)?$/
const DATA = /^\/(var\/lib\/mysql|bitnami\/(mariadb|mysql)|config\/databases)(\/|$)/

/**
 * MariaDB and MySQL, found by image, by a volume at their data folder, or by the variables that initialise one. There are no schemas in a
 * database here, so the marker is a table `cc_ci_witness` beside the app's, in each database: that is where the app's dumps find it.
 */
export const mariadbServer: DatabaseServer = {
  kind: 'mariadb',
  title: 'MariaDB/MySQL',
  candidates: ({ model }) =>
    Object.entries(model.services).flatMap(([name, service]) => (looksLikeServer(service) ? [name] : [])),
  whyNot: (service, around) => unreadableReason(mysql(service, ''), around),
  witness: (service, around) => sqlWitness(service, dialect(service), around),
}

function looksLikeServer(service: ComposeService): boolean {
  const { environment = {}, volumes = [] } = service
  return (
    IMAGE.test(imageName(service)) ||
    volumes.some(({ target }) => DATA.test(target)) ||
    Object.keys(environment).some((key) => VARIABLE.test(key))
  )
}

function dialect(service: string): SqlDialect {
  /** What the first look saw: which databases, and with whose eyes. */
  let first: DatabaseListing | undefined
  let home: string | undefined
  /** The others that hold a marker. */
  const others: string[] = []
  /** The login may read a database and not write to it. */
  const takes = async (sql: string, around: WitnessContext) => {
    try {
      await run(sql, around)
      return true
    } catch (error) {
      if (error instanceof CcCiError && error.code === 'data-unreadable') return false
      throw error
    }
  }
  const run = (sql: string, around: WitnessContext, force = '') => queryServer(mysql(service, sql, force), around)
  return {
    kind: 'mariadb',
    async look(around): Promise<DatabaseState> {
      const listed = parseList(await run(LIST, around))
      first ??= listed
      const hidden = hiddenDatabases(first, listed)
      if (home !== undefined && hidden.includes(home)) throw cannotSee(service, home, listed)
      const marked = listed.marked.filter((name) => name === home || others.includes(name))
      const countable = listed.tables.filter(({ engine }) => isCountable(engine))
      const { markers, rows } = parseCounts(await run(countSql(countable, marked), around, '--force'))
      const fingerprint = {
        tables: shapesOf(listed, rows),
        cut: listed.tables.length >= MAX_TABLES || hidden.length > 0,
      }
      const look = {
        fingerprint,
        hidden,
        marker: markers.get(home ?? '') ?? null,
        others: new Map([...markers].filter(([name]) => name !== home)),
      }
      return hidden.length === 0 ? look : { ...look, note: `${listed.login.user} does not see ${hidden.join(', ')}` }
    },
    async plant(value, around) {
      home = first && homeOf(first)
      if (first === undefined || home === undefined)
        throw new RecipeError('data-unreadable', `there is no database of an app in ${service} yet`)
      await run(plantSql(home, value), around)
      const filled = new Set(first.tables.map(({ database }) => database))
      for (const name of filled) if (name !== home && (await takes(plantSql(name, value), around))) others.push(name)
      return others
    },
    async drop(around) {
      if (home === undefined) return
      const { marked } = parseList(await run(LIST, around))
      const ours = marked.filter((name) => name === home || others.includes(name))
      if (ours.length > 0) await run(ours.map(dropSql).join('\n'), around)
    },
  }
}

/** The app's own database; where none is named, the one with the most tables. */
function homeOf({ login, databases, tables }: DatabaseListing): string | undefined {
  if (databases.includes(login.database)) return login.database
  const size = (name: string) => tables.filter(({ database }) => database === name).length
  return [...databases].sort((a, b) => size(b) - size(a) || (a < b ? -1 : 1))[0]
}

/** Databases of the first look that another user, who logged in this time, may merely not see. */
function hiddenDatabases(first: DatabaseListing, now: DatabaseListing): string[] {
  if (first.login.user === now.login.user) return []
  return first.databases.filter((name) => !now.databases.includes(name))
}

function shapesOf({ tables, columns }: DatabaseListing, rows: ReadonlyMap<string, number>): Fingerprint['tables'] {
  const shapes = new Map<string, TableShape & { columns: string[] }>(
    tables.map(({ database, table }) => {
      const name = `${database}.${table}`
      return [name, { rows: rows.get(name) ?? null, columns: [] }]
    }),
  )
  for (const { database, table, column, type } of columns)
    shapes.get(`${database}.${table}`)?.columns.push(`${column} ${type}`)
  return shapes
}

function cannotSee(service: string, database: string, { login }: DatabaseListing): RecipeError {
  const message = `${login.user}, who logged in to ${service} this time, does not see the database ${database}`
  return new RecipeError('data-unreadable', message, {
    hint: "Look whether the new version changed the credentials in the environment of the database's service.",
  })
}

function mysql(service: string, stdin: string, force = ''): ClientCall {
  return { title: mariadbServer.title, service, script: MYSQL, args: [force], stdin }
}
