import { mkdirSync } from 'node:fs'
import { removeEdge } from '../edge/ensure.ts'
import { tryDocker } from '../engine/docker-cli.ts'
import { ImageBuilder } from '../images/builder.ts'
import { CcCiError, InfraError, messageOf } from '../lib/errors.ts'
import { withMachineLock } from '../lib/process/machine-lock.ts'
import { formatDuration } from '../lib/text/duration.ts'
import { ownEngineRuns, stopEngine } from './engine-part.ts'
import type { MachinePart, PartState, RepairContext } from './part.ts'
import { readMachineRecord } from './records.ts'
import { MACHINE_PARTS } from './steps.ts'
import { leaveSwarm, removeProxy, swarmPart } from './swarm-part.ts'

export interface DoctorRow extends Omit<PartState, 'remedy'> {
  readonly id: string
  readonly title: string
  /** What to do about it; null when it is ok. */
  readonly remedy: string | null
}

export interface UpOptions {
  readonly state: string
  readonly log: (line: string) => void
  /** More parts, such as the images of fixtures. */
  readonly extra?: readonly MachinePart[]
  /** Instead of MACHINE_PARTS. */
  readonly parts?: readonly MachinePart[]
}

/** Looks at every part of the machine and changes nothing. Never throws for what it finds. */
export async function doctor({ extra = [] }: { extra?: readonly MachinePart[] } = {}): Promise<DoctorRow[]> {
  return Promise.all([...MACHINE_PARTS, ...extra].map(async (part) => toRow(part, await safeLook(part))))
}

/**
 * Brings the machine up: looks, says what it will do, does it, independent things side by side; what is there is left
 * alone. One at a time per machine. Throws InfraError `machine-incomplete` with every remedy when something stays missing.
 */
export function engineUp({ state, log, extra = [], parts: core = MACHINE_PARTS }: UpOptions): Promise<DoctorRow[]> {
  return withMachineLock(log, async () => {
    mkdirSync(state, { recursive: true })
    const parts = [...core, ...extra]
    const before = new Map(await Promise.all(parts.map(async (part) => [part.id, await safeLook(part)] as const)))
    const todo = parts.filter((part) => before.get(part.id)?.state !== 'ok')
    if (todo.length === 0) log('This machine has all it needs.')
    const doable = todo.filter((part) => part.repair && before.get(part.id)?.state === 'missing')
    if (doable.length > 0) log(`About to: ${doable.map((part) => part.action).join('; ')}.`)
    const rows = await mendAll(parts, before, { state, log, builder: new ImageBuilder(log) })
    const bad = rows.filter((row) => row.state !== 'ok')
    if (bad.length > 0) throw incomplete(bad)
    return rows
  })
}

/** Something that cc-ci keeps on the Swarm of a machine, such as a dependency of recipes. `remove` is true when there was something. */
interface MachineService {
  readonly what: string
  readonly remove: () => Promise<boolean>
}

export interface DownOptions {
  readonly state: string
  readonly log: (line: string) => void
  /** Taken away first. */
  readonly services?: readonly MachineService[]
}

/** Removes what `engine up` and runs made and nothing else; gives what it removed. Refuses while something runs on the Swarm it made. */
export function engineDown({ state, log, services = [] }: DownOptions): Promise<string[]> {
  return withMachineLock(log, async () => {
    if (readMachineRecord(state, 'swarm') || readMachineRecord(state, 'engine')) await refuseWhileInUse()
    const removed: string[] = []
    if ((await tryDocker(['version'])).exitCode === 0) {
      removed.push(...(await removeServices(services)))
      if (await removeEdge()) removed.push('edge')
      if (await removeProxy(state)) removed.push('network proxy')
      if (await leaveSwarm(state)) removed.push('Swarm')
    }
    if (await stopEngine(state)) removed.push('engine')
    return removed
  })
}

/** What `engine up` made here, by name, and whether its engine runs. */
export function engineStatus({ state }: { state: string }): { made: string[]; ownEngine: boolean } {
  const made = (['engine', 'swarm', 'proxy'] as const).filter((name) => readMachineRecord(state, name) !== null)
  return { made, ownEngine: ownEngineRuns(state) }
}

async function mendAll(
  parts: readonly MachinePart[],
  before: ReadonlyMap<string, PartState>,
  context: RepairContext,
): Promise<DoctorRow[]> {
  const started = new Map<string, Promise<DoctorRow>>()
  const row = (part: MachinePart): Promise<DoctorRow> => {
    const running = started.get(part.id) ?? mendAfterNeeds(part)
    started.set(part.id, running)
    return running
  }
  const mendAfterNeeds = async (part: MachinePart): Promise<DoctorRow> => {
    const seen = before.get(part.id) as PartState
    if (seen.state === 'ok') return toRow(part, seen)
    const needs = await Promise.all(parts.filter((other) => part.needs.includes(other.id)).map(row))
    const lacking = needs.filter((need) => need.state !== 'ok')
    if (lacking.length > 0)
      return toRow(part, {
        state: 'impossible',
        detail: `needs first: ${lacking.map((need) => need.title).join(', ')}`,
      })
    return toRow(part, await mendOne(part, context))
  }
  return Promise.all(parts.map(row))
}

async function mendOne(part: MachinePart, context: RepairContext): Promise<PartState> {
  // Looked at again: what it needs may have brought it, and before that it could not be seen.
  const again = await safeLook(part)
  if (again.state !== 'missing' || !part.repair) return again
  const start = Date.now()
  try {
    await part.repair(context)
  } catch (error) {
    return { state: 'missing', detail: error instanceof CcCiError ? error.describe() : messageOf(error) }
  }
  context.log(`${part.title}: done in ${formatDuration(Date.now() - start)}`)
  return safeLook(part)
}

async function safeLook(part: MachinePart): Promise<PartState> {
  try {
    return await part.inspect()
  } catch (error) {
    return { state: 'missing', detail: messageOf(error) }
  }
}

function toRow(part: MachinePart, found: PartState): DoctorRow {
  return {
    id: part.id,
    title: part.title,
    ...found,
    remedy: found.state === 'ok' ? null : (found.remedy ?? part.remedy),
  }
}

function incomplete(rows: readonly DoctorRow[]): InfraError {
  const lines = rows.map((row) => `- ${row.title}: ${row.detail}\n  ${row.remedy}`)
  return new InfraError('machine-incomplete', `this machine still lacks:\n${lines.join('\n')}`)
}

async function removeServices(services: readonly MachineService[]): Promise<string[]> {
  if ((await swarmPart.inspect()).state !== 'ok') return []
  const removed: string[] = []
  for (const { what, remove } of services) if (await remove()) removed.push(what)
  return removed
}

async function refuseWhileInUse(): Promise<void> {
  const ours = await serviceNames(['--filter', 'label=cc-ci.role=dep'])
  const names = (await serviceNames()).filter((name) => !ours.includes(name))
  if (names.length === 0) return
  throw new InfraError('engine-in-use', `services still run on this engine: ${names.slice(0, 8).join(', ')}`, {
    hint: "Remove them first ('cc-ci gc' removes what dead runs left).",
  })
}

async function serviceNames(filter: readonly string[] = []): Promise<string[]> {
  const services = await tryDocker(['service', 'ls', '--format', '{{.Name}}', ...filter])
  return services.exitCode === 0 ? services.stdout.split('\n').filter((name) => name !== '') : []
}
