import type { ComposeService } from '../../recipe/model.ts'
import type { WitnessContext } from './contract.ts'
import { parseFingerprint, type TableShape } from './fingerprint.ts'
import { DROP, LOOK, MAX_TABLES, PSQL, plantSql, plantWhereFilled } from './postgres-sql.ts'
import { type ClientCall, type DatabaseServer, queryServer, unreadableReason } from './server.ts'
import { type SqlDialect, sqlWitness } from './sql-witness.ts'

const IMAGE = /(^|[/-])(postgres|postgresql|postgis|pgvector|timescaledb|pgautoupgrade)([-:/@]|$)/i
const VARIABLE =
  /^(POSTGRES|POSTGRESQL)_(USER|DB|PASSWORD|USERNAME|DATABASE|INITDB_ARGS|HOST_AUTH_METHOD)(_FILE)?$|^PGDATA$/

/**
 * PostgreSQL, found by image, by a volume at its data folder, or by the variables that initialise one. Apps carry such variables too, so
 * whether psql is there and reaches a server of its own is asked in the container. The marker has a schema of its own: the app's dump carries
 * it, the app's queries do not see it. Every database of the cluster is looked at, and each that has tables gets a marker.
 */
export const postgresServer: DatabaseServer = {
  kind: 'postgres',
  title: 'PostgreSQL',
  candidates: ({ model }) =>
    Object.entries(model.services).flatMap(([name, service]) => (looksLikeServer(service) ? [name] : [])),
  whyNot: (service, around) => unreadableReason(psql(service, ''), around),
  witness: (service, around) => sqlWitness(service, dialect(service), around),
}

function looksLikeServer({ image = '', environment = {}, volumes = [] }: ComposeService): boolean {
  if (IMAGE.test(image)) return true
  if (volumes.some(({ target }) => /^\/(var\/lib\/(postgresql|pgsql)|bitnami\/postgresql)(\/|$)/.test(target)))
    return true
  return Object.keys(environment).filter((key) => VARIABLE.test(key)).length >= 2 && volumes.length > 0
}

function dialect(service: string): SqlDialect {
  /** Databases beside the app's own that any look has seen. */
  const known = new Set<string>()
  return {
    kind: 'postgres',
    async look(around: WitnessContext) {
      const parts = partsOf(await queryServer(psql(service, LOOK, { stopOnError: '0', scope: 'all' }), around))
      const hidden = parts.filter(({ database, lines }) => lines === null && known.has(database)).map(databaseOf)
      const sizes = parts.map(({ database, lines }) => tablesOf(database, lines ?? []))
      for (const { database } of parts) known.add(database)
      const tables = new Map(sizes.flatMap((one) => [...one]))
      const [own, ...rest] = parts.map(({ database, lines }) => [database, markerIn(lines ?? [])] as const)
      const others = new Map(
        rest.flatMap(([database, marker]) => (marker === null ? [] : [[database, marker] as const])),
      )
      const cut = hidden.length > 0 || sizes.some(({ size }) => size >= MAX_TABLES)
      const look = { fingerprint: { tables, cut }, marker: own?.[1] ?? null, others, hidden }
      return hidden.length === 0 ? look : { ...look, note: `the login does not see ${hidden.join(', ')} any more` }
    },
    async plant(value, around) {
      await queryServer(psql(service, plantSql(value)), around)
      const parts = partsOf(await queryServer(psql(service, plantWhereFilled(value), { scope: 'others' }), around))
      return parts.filter(({ lines }) => lines?.some((line) => line.startsWith('["planted"'))).map(databaseOf)
    },
    drop: async (around) => void (await queryServer(psql(service, DROP, { scope: 'all' }), around)),
  }
}

function markerIn(lines: readonly string[]): string | null {
  const [, marker] = /^\["marker", ?"([a-z0-9]*)"\]$/m.exec(lines.join('\n')) ?? []
  return marker ?? null
}

/** What was printed of one database; null: the login may not read it. The app's own comes first and has no name here. */
interface Part {
  readonly database: string
  readonly lines: string[] | null
}

const databaseOf = ({ database }: Part) => database

function partsOf(stdout: string): Part[] {
  const parts: Part[] = [{ database: '', lines: [] }]
  for (const line of stdout.split('\n')) {
    const [, kind, name = '""'] = /^\["(database|unreadable)", ?(".*")\]$/.exec(line) ?? []
    const database = String(JSON.parse(name))
    if (kind === 'database') parts.push({ database, lines: [] })
    else if (kind === 'unreadable') parts.push({ database, lines: null })
    else parts.findLast(({ lines }) => lines !== null)?.lines?.push(line)
  }
  return parts
}

/** `public.orders` in the app's own database, `stats/public.visits` in another. */
function tablesOf(database: string, lines: readonly string[]): Map<string, TableShape> {
  const { tables } = parseFingerprint(lines.join('\n'))
  const named = [...tables].map(([name, shape]) => [database === '' ? name : `${database}/${name}`, shape] as const)
  return new Map(named)
}

function psql(service: string, stdin: string, { stopOnError = '1', scope = 'own' } = {}): ClientCall {
  return { title: 'PostgreSQL', service, script: PSQL, args: [stopOnError, scope], stdin }
}
