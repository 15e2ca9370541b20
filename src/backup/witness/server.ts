import { waitFor } from '../../lib/async/wait.ts'
import { RecipeError } from '../../lib/errors.ts'
import type { ComposeService, ResolvedStack } from '../../recipe/model.ts'
import { withBoundedInput } from '../bounded-input.ts'
import type { BackupPlan } from '../plan.ts'
import { settledExec } from '../settled-exec.ts'
import type { Witness, WitnessContext, WitnessRow } from './contract.ts'
import { NO_CLIENT, NO_SERVER } from './inside-shell.ts'

/**
 * A kind of database server that is watched over its own protocol, by the client program in its own container. `candidates` only reads the
 * compose model and may name services that are none; `whyNot` asks in the container and changes nothing there.
 */
export interface DatabaseServer {
  readonly kind: WitnessRow['kind']
  /** For people: `PostgreSQL`. */
  readonly title: string
  /** Names of services that may be such a server. */
  candidates(stack: ResolvedStack): string[]
  /** Null: it can be watched; otherwise why not. Throws InfraError `no-container` when none runs. */
  whyNot(service: string, around: WitnessContext): Promise<string | null>
  witness(service: string, around: WitnessContext): Witness
}

/** Last part of an image's name, without tag and digest. */
export function imageName({ image = '' }: ComposeService): string {
  const path = image.split('@', 1)[0] ?? ''
  const last = path.slice(path.lastIndexOf('/') + 1)
  return last.split(':', 1)[0] ?? ''
}

/** True for a service that is not up between operations: a one-shot with a client of the same image is no server. */
export function runsOnce({ deploy = {} }: ComposeService): boolean {
  const { mode = '', replicas, restart_policy: policy } = deploy
  const condition =
    typeof policy === 'object' && policy !== null && 'condition' in policy ? policy.condition : undefined
  return condition === 'none' || replicas === 0 || mode.endsWith('-job')
}

/** Short names of the volumes that a service mounts. */
function volumesOf(service: string, { model }: ResolvedStack): string[] {
  return (model.services[service]?.volumes ?? []).flatMap(({ type, source }) =>
    type === 'volume' && source ? [source] : [],
  )
}

/** Services that mount a volume, by its short name. */
export function servicesMounting(volume: string, stack: ResolvedStack): string[] {
  return Object.keys(stack.model.services).filter((service) => volumesOf(service, stack).includes(volume))
}

/**
 * Why the labels do not promise what lies in a database, or null when they do. A dump alone brings no row back: a restore hook of the service
 * must load it, or the data files themselves must be covered.
 */
export function notCoveredReason(service: string, plan: BackupPlan, stack: ResolvedStack): string | null {
  if (!plan.capable) return plan.reason
  if (hasRestoreHook(service, plan)) return null
  const own = volumesOf(service, stack)
  const whole = plan.volumes.some(({ volume, covered }) => own.includes(volume) && covered.kind === 'all')
  return whole ? null : `no restore hook on ${service} loads a dump, and its data files are not covered`
}

export function hasRestoreHook(service: string, plan: BackupPlan): boolean {
  return plan.hooks.some((hook) => hook.phase === 'restore.post-hook' && hook.service === service)
}

export interface ClientCall {
  readonly title: string
  readonly service: string
  readonly script: string
  readonly args: readonly string[]
  readonly stdin: string
}

const ANSWER_MS = 60_000
const CALL_MS = 300_000

/**
 * Runs a script in the server's container; without input it only logs in. After an upgrade or a restore the server may still be starting: when
 * it takes no connection (exit code NO_SERVER) it gets a minute. Throws RecipeError `data-unreadable` for what does not succeed.
 */
export async function queryServer(call: ClientCall, around: WitnessContext): Promise<string> {
  let done = await runClient(call, around)
  if (done.exitCode === NO_SERVER) {
    await takesConnections(call, around)
    done = await runClient(call, around)
  }
  if (done.exitCode === 0) return done.stdout
  throw unreadable(call, `its client ended with ${done.exitCode}: ${firstLine(done.stderr)}`)
}

async function takesConnections(call: ClientCall, around: WitnessContext): Promise<void> {
  const ping = { ...call, stdin: '' }
  const waited = await waitFor<true, never>(
    async () => {
      const { exitCode, stderr } = await runClient(ping, around)
      return exitCode === NO_SERVER ? { state: 'waiting', reason: firstLine(stderr) } : { state: 'ready', value: true }
    },
    { ...around, wait: { id: 'database-connects', subject: call.title, service: call.service }, timeoutMs: ANSWER_MS },
  )
  if (waited.state === 'deadline') throw unreadable(call, waited.lastSeen)
}

/** Why the server cannot be read, from one attempt; null when it can. */
export async function unreadableReason(call: ClientCall, around: WitnessContext): Promise<string | null> {
  const { exitCode, stderr } = await runClient(call, around)
  if (exitCode === 0) return null
  if (exitCode === NO_CLIENT || exitCode === 126) return 'there is no shell or client program in it'
  return firstLine(stderr) || `its client ended with ${exitCode}`
}

function runClient({ service, script, args, stdin }: ClientCall, around: WitnessContext) {
  const argv = withBoundedInput(['sh', '-c', script, 'witness', ...args], stdin)
  return settledExec(service, argv, { ...around, timeoutMs: CALL_MS, stdin })
}

function unreadable({ title, service }: ClientCall, why: string): RecipeError {
  return new RecipeError('data-unreadable', `${title} in ${service} could not be read: ${why}`, {
    hint: 'The server may be restarting, or no longer take the credentials of its container; look at the log of the service.',
  })
}

/** Messages of clients can quote data; the first line names the fault. */
function firstLine(stderr: string): string {
  const [first = ''] = stderr.trim().split('\n')
  return first.slice(0, 300)
}
