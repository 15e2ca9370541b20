import type { ComposeService } from '../../recipe/model.ts'
import type { Surroundings } from './contract.ts'
import { parseFingerprint } from './fingerprint.ts'
import { DROP, LOOK, MAX_TABLES, PSQL, plantSql } from './postgres-sql.ts'
import { askServer, type ClientCall, type DatabaseServer, whyNotRead } from './server.ts'
import { type SqlDialect, sqlWitness } from './sql-witness.ts'

const IMAGE = /(^|[/-])(postgres|postgresql|postgis|pgvector|timescaledb|pgautoupgrade)([-:/@]|$)/i
const VARIABLE =
  /^(POSTGRES|POSTGRESQL)_(USER|DB|PASSWORD|USERNAME|DATABASE|INITDB_ARGS|HOST_AUTH_METHOD)(_FILE)?$|^PGDATA$/

/**
 * PostgreSQL, found by image, by a volume at its data folder, or by the variables that initialise one. Apps carry such variables too, so
 * whether psql is there and reaches a server of its own is asked in the container. The marker has a schema of its own: the app's dump
 * carries it, the app's queries do not see it.
 */
export const postgresServer: DatabaseServer = {
  kind: 'postgres',
  title: 'PostgreSQL',
  candidates: ({ model }) =>
    Object.entries(model.services).flatMap(([name, service]) => (looksLikeServer(service) ? [name] : [])),
  whyNot: (service, around) => whyNotRead(psql(service, ''), around),
  witness: (service, around) => sqlWitness(service, dialect(service), around),
}

function looksLikeServer({ image = '', environment = {}, volumes = [] }: ComposeService): boolean {
  if (IMAGE.test(image)) return true
  if (volumes.some(({ target }) => /^\/(var\/lib\/(postgresql|pgsql)|bitnami\/postgresql)(\/|$)/.test(target)))
    return true
  return Object.keys(environment).filter((key) => VARIABLE.test(key)).length >= 2 && volumes.length > 0
}

function dialect(service: string): SqlDialect {
  return {
    kind: 'postgres',
    async look(around: Surroundings) {
      const stdout = await askServer(psql(service, LOOK, '0'), around)
      const { tables } = parseFingerprint(stdout)
      const [, marker] = /^\["marker", ?"([a-z0-9]*)"\]$/m.exec(stdout) ?? []
      return { fingerprint: { tables, cut: tables.size >= MAX_TABLES }, marker: marker ?? null }
    },
    plant: async (value, around) => void (await askServer(psql(service, plantSql(value)), around)),
    drop: async (around) => void (await askServer(psql(service, DROP), around)),
  }
}

function psql(service: string, stdin: string, stopOnError = '1'): ClientCall {
  return { title: 'PostgreSQL', service, script: PSQL, args: [stopOnError], stdin }
}
