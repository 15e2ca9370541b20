import { InfraError } from '../../lib/errors.ts'
import { randomId } from '../../lib/ids.ts'
import type { ComposeService, ResolvedStack } from '../../recipe/model.ts'
import type { BackupPlan } from '../plan.ts'
import { settledExec } from '../settled-exec.ts'
import type { Surroundings, Witness, WitnessRow } from './contract.ts'
import { compareFingerprints, describeFingerprint, type Fingerprint } from './fingerprint.ts'
import { DROP, FINGERPRINT, PSQL, parseFingerprint, plantSql, READ } from './postgres-sql.ts'

const IMAGE = /(^|[/-])(postgres|postgresql|postgis|pgvector|timescaledb|pgautoupgrade)([-:/@]|$)/i
const VARIABLE =
  /^(POSTGRES|POSTGRESQL)_(USER|DB|PASSWORD|USERNAME|DATABASE|INITDB_ARGS|HOST_AUTH_METHOD)(_FILE)?$|^PGDATA$/

/**
 * Services that may be a PostgreSQL server: by image, by a volume at its data folder, or by the variables that initialise one. Apps carry such
 * variables too, so whether psql is there and reaches a server of its own is asked in the container.
 */
export function postgresCandidates({ model }: ResolvedStack): string[] {
  return Object.entries(model.services).flatMap(([name, service]) => (looksLikeServer(service) ? [name] : []))
}

function looksLikeServer({ image = '', environment = {}, volumes = [] }: ComposeService): boolean {
  if (IMAGE.test(image)) return true
  if (volumes.some(({ target }) => /^\/(var\/lib\/(postgresql|pgsql)|bitnami\/postgresql)(\/|$)/.test(target)))
    return true
  return Object.keys(environment).filter((key) => VARIABLE.test(key)).length >= 2 && volumes.length > 0
}

/** Whether psql in the container reaches a server with the container's own credentials. Throws when there is no container. */
export async function reachesPostgres(service: string, around: Surroundings): Promise<boolean> {
  const { exitCode, stdout } = await psql(service, 'SELECT 1;', around)
  return exitCode === 0 && stdout.trim() === '1'
}

/**
 * A row in a table in a schema of its own in the app's database: the app's dump carries it, the app's queries do not see it. Beside it
 * the fingerprint of all other tables.
 */
export function postgresWitness(service: string, { plan, model }: Pick<Surroundings, 'plan' | 'model'>): Witness {
  const subject = `postgres:${service}`
  const value = randomId(24)
  let before: Fingerprint | undefined
  let destroyed: string | undefined
  return {
    subject,
    kind: 'postgres',
    excluded: excludedBy(service, plan, model),
    async plant(around) {
      before = await fingerprint(service, around)
      await psqlOk(service, plantSql(value), around)
    },
    async compare(around): Promise<WitnessRow> {
      const marker = await readMarker({ service, value }, around)
      const now = await fingerprint(service, around)
      const { result, summary } = compareFingerprints(before ?? now, now)
      return {
        subject,
        kind: 'postgres',
        result: marker === 'marker row' ? result : 'lost',
        before: `marker row; ${describeFingerprint(before ?? now)}`,
        ...(destroyed === undefined ? {} : { destroyed }),
        after: `${marker}; ${describeFingerprint(now)}`,
        summary: marker === 'marker row' ? summary : `the planted row is missing; ${summary}`,
      }
    },
    async destroy(around) {
      if (!before) return
      await psqlOk(service, DROP, around)
      destroyed = await readMarker({ service, value }, around)
    },
    async remove(around) {
      if (!before) return
      await psqlOk(service, DROP, around)
      before = undefined
    },
  }
}

/** A dump alone brings no row back: a restore hook of the stack must load it, or the data files themselves must be covered. */
function excludedBy(service: string, plan: BackupPlan, { model }: ResolvedStack): string | null {
  if (!plan.capable) return plan.reason
  if (plan.hooks.some((hook) => hook.phase === 'restore.post-hook' && hook.service === service)) return null
  const own = (model.services[service]?.volumes ?? []).flatMap(({ type, source }) =>
    type === 'volume' && source ? [source] : [],
  )
  const whole = plan.volumes.some(({ volume, covered }) => own.includes(volume) && covered.kind === 'all')
  return whole ? null : `no restore hook on ${service} loads a dump, and its data files are not covered`
}

async function readMarker(
  { service, value }: { service: string; value: string },
  around: Surroundings,
): Promise<string> {
  const found = (await psqlOk(service, READ, around)).trim()
  return found === '' ? 'no marker row' : found === JSON.stringify([value]) ? 'marker row' : 'another marker row'
}

async function fingerprint(service: string, around: Surroundings): Promise<Fingerprint> {
  const { exitCode, stdout, stderr } = await psql(service, FINGERPRINT, around, '0')
  if (exitCode !== 0) throw unreachable(service, exitCode, stderr)
  return parseFingerprint(stdout)
}

async function psqlOk(service: string, sql: string, around: Surroundings): Promise<string> {
  const { exitCode, stdout, stderr } = await psql(service, sql, around)
  if (exitCode !== 0) throw unreachable(service, exitCode, stderr)
  return stdout
}

function psql(service: string, sql: string, around: Surroundings, stopOnError = '1') {
  return settledExec(service, ['sh', '-c', PSQL, 'psql', stopOnError], { ...around, deadlineMs: 300_000, stdin: sql })
}

function unreachable(service: string, exitCode: number, stderr: string): InfraError {
  // Messages of psql can quote data; its first line names the fault.
  const [first = ''] = stderr.trim().split('\n')
  return new InfraError('witness-database', `psql in ${service} ended with ${exitCode}: ${first.slice(0, 300)}`, {
    hint: 'The database may be restarting; look at the log of the service.',
  })
}
