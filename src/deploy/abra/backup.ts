import type { Engine } from '../../engine/client.ts'
import { InfraError } from '../../lib/errors.ts'
import { describeExit } from '../../lib/process/exec.ts'
import type { App, BotBackup } from '../deployer.ts'
import type { AbraHome } from './home.ts'
import { isSuccess, readSnapshot } from './output.ts'
import { type AbraProgram, callAbra } from './program.ts'
import { ABRA } from './versions.ts'

const DEADLINE_MS = 30 * 60_000

interface BackingUp {
  readonly home: AbraHome
  readonly program: AbraProgram
  readonly mask: (text: string) => string
  readonly signal: AbortSignal
}

/** Names of the services by which abra finds a backup-bot-two. */
export async function backupBots(engine: Engine): Promise<string[]> {
  const [name, value] = ABRA.botLabel
  const services = await engine.objects.list('service')
  return services.filter(({ labels }) => labels[name] === value).map((service) => service.name)
}

/** Has the bot of this Swarm back the app up, where there is one. Throws InfraError `deployer-failed`. */
export async function backUpThroughBot(
  engine: Engine,
  app: App,
  { home, program, mask, signal }: BackingUp,
): Promise<BotBackup> {
  const [bot] = await backupBots(engine)
  if (bot === undefined) return { kind: 'no-bot' }
  const outcome = await callAbra(program, 'backup', {
    dir: home.dir,
    args: [app.domain],
    timeoutMs: DEADLINE_MS,
    signal,
  })
  const snapshot = isSuccess(outcome) ? readSnapshot(outcome.lines) : null
  if (snapshot !== null) return { kind: 'backed-up', bot, snapshot }
  const said = outcome.lines.slice(-5).map(mask).join(' | ') || 'nothing'
  const what = isSuccess(outcome) ? 'names no snapshot' : describeExit(outcome, DEADLINE_MS)
  throw new InfraError('deployer-failed', `abra app backup create ${what}; it says: ${said}`, {
    hint: 'Look at the log of backup-bot-two. Whether the bot or the recipe is at fault, nobody can tell from here.',
  })
}
