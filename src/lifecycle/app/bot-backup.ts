import { finding } from '../../verdict/findings.ts'
import type { RunContext } from '../context.ts'
import type { TierReporter } from '../reporter.ts'

const NO_BOT =
  "no backup-bot-two runs on this Swarm: hooks, snapshot and restore were cc-ci's own, and what the operators' bot makes of the labels was not seen"

/**
 * Where operators' own client deploys, their bot backs up as well, after cc-ci: the evidence is in cc-ci's snapshot, which it can look into. What the bot cannot do is
 * thrown; where there is none, the results say so.
 */
export async function backUpByBot(context: RunContext, reporter: TierReporter): Promise<void> {
  const { deployer, plan, signal, watch } = context
  const { backup } = deployer
  if (!backup) return
  const services = plan.backup.hooks.map(({ service }) => service)
  const done = await watch.during({ kind: 'backup', services }, () =>
    reporter.operation('bot-backup', () => backup(plan.app, signal)),
  )
  if (done.kind === 'no-bot') {
    reporter.finding(finding('backup-without-bot', NO_BOT))
    return
  }
  const message = `${done.bot} backed the app up besides, as snapshot ${done.snapshot}; nobody looked into it`
  reporter.finding(finding('backed-up-by-bot', message))
  reporter.check('bot-backed-up', 'pass')
}
