import { CcCiError, messageOf, RecipeError } from '../../lib/errors.ts'
import type { Evidence } from '../../verdict/evidence.ts'
import { backupPlan } from '../labels.ts'
import type { Coverage, PlannedVolume } from '../plan.ts'
import { VOLUMES_DIR } from '../toolbox.ts'
import type { Witness, WitnessContext, WitnessRow } from './contract.ts'
import { fileWitness } from './file.ts'
import { manifestWitness } from './manifest.ts'
import { namedFileWitness } from './named-file.ts'
import { type DatabaseServer, runsOnce, servicesMounting } from './server.ts'
import { DATABASE_SERVERS } from './servers.ts'
import { sqliteFiles, sqliteWitness } from './sqlite.ts'

export type { WitnessContext } from './contract.ts'
export type WitnessEvidence = Extract<Evidence, { kind: 'witness' }>

export interface PlantedWitnesses {
  readonly witnesses: readonly Witness[]
  /** What could not be watched and why, for a finding. */
  readonly unwatched: readonly string[]
  /** Volumes that a service had mounted when the witnesses were planted. */
  readonly mounted: ReadonlySet<string>
  /** Volumes that the labels of that version excluded while it was backed up: a cache, for example. */
  readonly worthless: ReadonlySet<string>
}

/**
 * Finds everything worth watching in the running app, or of it what `only` names, and plants it. A database that cannot be read or takes
 * no witness is among the `unwatched`; what was planted before any other error is removed again. Throws RecipeError `config-invalid`
 * for a subject in `only` that is not there.
 */
export async function plantWitnesses(around: WitnessContext, only?: readonly string[]): Promise<PlantedWitnesses> {
  const { witnesses, unwatched } = chosen(await findWitnesses(around), only)
  const planted: Witness[] = []
  const refused: string[] = []
  try {
    for (const witness of witnesses) {
      planted.push(witness)
      const why = await plantOne(witness, around)
      if (why === null) continue
      planted.pop()
      refused.push(`${witness.subject} takes no witness: ${why}`)
    }
  } catch (error) {
    await removeWitnesses(around, { witnesses: planted })
    throw error
  }
  return {
    witnesses: planted,
    unwatched: [...unwatched, ...refused],
    mounted: mountedVolumes(around),
    worthless: worthlessVolumes(around),
  }
}

/** Why a database took no witness; null: planted. What it may have taken before it refused is removed. */
async function plantOne(witness: Witness, around: WitnessContext): Promise<string | null> {
  try {
    await witness.plant(around)
    return null
  } catch (error) {
    if (!(error instanceof CcCiError) || error.code !== 'data-unreadable') throw error
    const left = await witness.remove(around).then(
      () => '',
      (failure: unknown) => ` (and it could not be looked at for what it took: ${messageOf(failure)})`,
    )
    return error.message + left
  }
}

/**
 * After an upgrade everything must still be there, backed up or not. A volume that the new version no longer mounts is still there
 * with all its files, and yet lost for the app; where a backup label calls it not worth keeping that is only a change.
 */
export async function compareAfterUpgrade(
  around: WitnessContext,
  { witnesses, mounted, worthless }: PlantedWitnesses,
): Promise<WitnessEvidence> {
  const now = mountedVolumes(around)
  const rows = await inTurn(witnesses, async (witness): Promise<WitnessRow> => {
    const row = await witness.compare(around)
    const { volume } = witness
    if (row.result !== 'kept' || volume === undefined || !mounted.has(volume) || now.has(volume)) return row
    const result = worthless.has(volume) ? 'changed' : 'lost'
    return { ...row, result, summary: 'no service of the new version mounts this volume' }
  })
  return evidence(rows)
}

/** Takes away what the labels promise to bring back: marker files, dumps on disk, the row in the database. */
export async function destroyBeforeRestore(around: WitnessContext, { witnesses }: PlantedWitnesses): Promise<void> {
  await inTurn(
    witnesses.filter(({ excluded }) => excluded === null),
    (witness) => witness.destroy(around),
  )
}

/** Right before containers are killed. */
export async function flushBeforeKill(around: WitnessContext, { witnesses }: PlantedWitnesses): Promise<void> {
  await inTurn(witnesses, async (witness) => witness.flush?.(around))
}

/** Right before the machine is lost: what the backup has written since the witnesses were planted. */
export async function recordBeforeLoss(around: WitnessContext, { witnesses }: PlantedWitnesses): Promise<void> {
  await inTurn(witnesses, (witness) => witness.note(around))
}

/** Once the app has come up as new: what is there in place of what was destroyed. */
export async function inspectAfterLoss(around: WitnessContext, { witnesses }: PlantedWitnesses): Promise<void> {
  await inTurn(witnesses, (witness) => witness.afterLoss(around))
}

/**
 * After a restore (files, then hooks): what the labels promise must be back, the rest is `excluded`. `emptied`: the volumes that were lost whole; then a
 * database that hooks deal with must be back wherever it lay. Without it only markers and dumps were destroyed, and nothing else is said to be back.
 */
export async function compareAfterRestore(
  around: WitnessContext,
  { witnesses }: PlantedWitnesses,
  emptied?: readonly string[],
): Promise<WitnessEvidence> {
  const rows = await inTurn(witnesses, async (witness): Promise<WitnessRow> => {
    const row = await witness.compare(around)
    const { excluded } = witness
    if (excluded === null) return emptied ? { ...row, ...lossOf(row, 'not-restored') } : onlyMarkers(row)
    if (row.result === 'lost' && emptied && isLostData(witness, around, emptied)) {
      return { ...row, loss: 'not-covered', summary: `${row.summary}; ${excluded}` }
    }
    const { loss: _, ...rest } = row
    return { ...rest, result: 'excluded', summary: `${excluded}; now: ${(emptied ? row : onlyMarkers(row)).summary}` }
  })
  return evidence(rows)
}

function lossOf({ result, loss }: WitnessRow, otherwise: 'not-restored' | 'not-covered'): Pick<WitnessRow, 'loss'> {
  return result === 'lost' ? { loss: loss ?? otherwise } : {}
}

/** "0 rows lost" is not for rows that nobody destroyed. */
function onlyMarkers(row: WitnessRow): WitnessRow {
  if (row.result === 'lost') return { ...row, ...lossOf(row, 'not-restored') }
  const { counts, kind } = row
  if (!counts) return row
  const marker = kind === 'sqlite' ? '' : 'the planted row came back; '
  const size = `${counts.tables} table${counts.tables === 1 ? '' : 's'} with ${counts.rows} row${counts.rows === 1 ? '' : 's'}`
  return { ...row, summary: `${marker}${size} not destroyed, so that nothing is proven of them` }
}

/**
 * Whether the app lost a database though no label names its files: a server whose volume was lost, or a file of SQLite beside what hooks deal with. One
 * that labels leave out and no hook ever touches may be a cache.
 */
function isLostData({ kind, subject }: Witness, { plan, model }: WitnessContext, emptied: readonly string[]): boolean {
  if (kind === 'postgres' || kind === 'mariadb') {
    return emptied.some((name) => servicesMounting(name, model).includes(subject.slice(kind.length + 1)))
  }
  const volume = emptied.find((name) => subject.startsWith(`volume:${name}/`))
  if (kind !== 'sqlite' || volume === undefined) return false
  return servicesMounting(volume, model).some((service) => plan.hooks.some((hook) => hook.service === service))
}

/** Removes what is still planted; tries all, then throws the first error. Idempotent. */
export async function removeWitnesses(
  around: WitnessContext,
  { witnesses }: Pick<PlantedWitnesses, 'witnesses'>,
): Promise<void> {
  const errors: unknown[] = []
  for (const witness of witnesses) await witness.remove(around).catch((error: unknown) => errors.push(error))
  if (errors.length > 0) throw errors[0]
}

async function findWitnesses(around: WitnessContext): Promise<Pick<PlantedWitnesses, 'witnesses' | 'unwatched'>> {
  const unwatched: string[] = []
  const witnesses: Witness[] = []
  for (const server of DATABASE_SERVERS) {
    for (const service of server.candidates(around.model).filter((name) => !isOneShot(name, around))) {
      const problem = await whyNotWatched(server, service, around)
      if (problem === null) witnesses.push(server.witness(service, around))
      else unwatched.push(`${service} looks like ${server.title}, but it cannot be read: ${problem}`)
    }
  }
  for (const volume of around.toolbox.volumes) witnesses.push(...(await volumeWitnesses(volume, around)))
  return { witnesses, unwatched }
}

function chosen(found: Pick<PlantedWitnesses, 'witnesses' | 'unwatched'>, only: readonly string[] | undefined) {
  if (only === undefined) return found
  const subjects = [...new Set(found.witnesses.map(({ subject }) => subject))]
  const unknown = only.filter((subject) => !subjects.includes(subject))
  if (unknown.length > 0) {
    throw new RecipeError('config-invalid', `\`witness\` names what is not there: ${unknown.join(', ')}`, {
      hint: `Found in the running app: ${subjects.join(', ') || 'nothing'}.`,
    })
  }
  const left = subjects.filter((subject) => !only.includes(subject))
  return {
    witnesses: found.witnesses.filter(({ subject }) => only.includes(subject)),
    unwatched: [...found.unwatched, ...left.map((subject) => `${subject}: not among the subjects of \`witness\``)],
  }
}

function isOneShot(service: string, { model: { model } }: WitnessContext): boolean {
  return runsOnce(model.services[service] ?? {})
}

async function whyNotWatched(server: DatabaseServer, service: string, around: WitnessContext): Promise<string | null> {
  try {
    return await server.whyNot(service, { ...around, settleMs: 60_000 })
  } catch (error) {
    if (!(error instanceof CcCiError) || error.code !== 'no-container') throw error
    return 'no container of it runs'
  }
}

async function volumeWitnesses(volume: string, around: WitnessContext): Promise<Witness[]> {
  const covered = coverageOf(volume, around.plan.volumes)
  const databases = await sqliteFiles(around.toolbox, volume)
  const named = covered.kind === 'paths' ? covered.paths : []
  const folders = await directories(around, volume, named)
  return [
    fileWitness(volume, '.', covered),
    ...folders.map((folder) => fileWitness(volume, folder, covered)),
    ...named.filter((path) => !folders.includes(path)).map((path) => namedFileWitness(volume, path)),
    manifestWitness(volume, covered),
    ...databases.map((path) => sqliteWitness(volume, path, covered)),
  ]
}

function coverageOf(volume: string, volumes: readonly PlannedVolume[]): Coverage {
  const planned = volumes.find((one) => one.volume === volume)
  return planned?.covered ?? { kind: 'none', reason: 'the compose file of head has no such volume' }
}

async function directories({ toolbox }: WitnessContext, volume: string, paths: readonly string[]): Promise<string[]> {
  const marks = await inTurn(paths, async (path) => {
    const script = '[ -d "$1" ] && [ ! -L "$1" ]'
    const { exitCode } = await toolbox.exec(['sh', '-c', script, 'directory', `${VOLUMES_DIR}/${volume}/${path}`], {
      timeoutMs: 30_000,
    })
    return exitCode === 0
  })
  return paths.filter((_, index) => marks[index])
}

/** As the toolbox calls them. A volume keeps its key in the compose file when `name:` gives the app another one. */
function mountedVolumes({ model: { model }, stack }: WitnessContext): Set<string> {
  const mounts = Object.values(model.services).flatMap(({ volumes = [] }) => volumes)
  const sources = mounts.flatMap(({ type, source }) => (type === 'volume' && source ? [source] : []))
  return new Set(sources.map((source) => shortName(model.volumes[source]?.name ?? source, stack)))
}

function shortName(name: string, stack: string): string {
  return name.startsWith(`${stack}_`) ? name.slice(stack.length + 1) : name
}

function worthlessVolumes({ model }: WitnessContext): Set<string> {
  const { capable, volumes } = backupPlan(model)
  return new Set(capable ? volumes.flatMap(({ volume, covered }) => (covered.kind === 'none' ? [volume] : [])) : [])
}

function evidence(rows: readonly WitnessRow[]): WitnessEvidence {
  if (rows.length === 0)
    return { kind: 'witness', none: 'the app has no data volume and no database that could be watched' }
  return { kind: 'witness', witnesses: [...rows] }
}

/** One after the other: they share one container, and databases are not stressed to be looked at. */
async function inTurn<T, R>(items: readonly T[], act: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  for (const item of items) results.push(await act(item))
  return results
}
