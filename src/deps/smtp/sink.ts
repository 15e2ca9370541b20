import { PROXY_NETWORK } from '../../edge/address.ts'
import { startNetworked } from '../../engine/containers.ts'
import { inputTag } from '../../images/definition.ts'
import { smtpSinkImage } from '../../images/smtp-sink.ts'
import { waitFor } from '../../lib/async/wait.ts'
import { InfraError, messageOf } from '../../lib/errors.ts'
import { madeBy } from '../maker.ts'
import type { ProviderHost, ProviderRun } from '../provider.ts'
import { looksOpen } from './mail.ts'

export const ROLE = 'dep-smtp'

const MIB = 1024 ** 2
const UP_DEADLINE_MS = 30_000

export function sinkName({ stack }: Pick<ProviderRun, 'stack'>): string {
  return `${stack}_ccci-smtp`
}

/** Apps check that it is a host name: no underscore, no label over 63 characters. */
export function sinkHost({ stack }: Pick<ProviderRun, 'stack'>): string {
  return `${stack.replaceAll(/[^a-z0-9]+/gi, '-').slice(0, 58)}-smtp.ci.test`
}

/** Starts the sink of a run and waits until it listens. Throws InfraError `dep-not-up`. */
export async function startSink(host: ProviderHost, run: ProviderRun): Promise<void> {
  const name = sinkName(run)
  try {
    await startNetworked(host.engine, {
      name,
      image: inputTag(smtpSinkImage()),
      labels: { 'cc-ci.role': ROLE, ...madeBy(run) },
      network: PROXY_NETWORK,
      aliases: [sinkHost(run)],
      capabilities: ['NET_BIND_SERVICE'],
      memoryBytes: 256 * MIB,
      scratch: { '/mail': 128 * MIB },
    })
  } catch (error) {
    throw new InfraError('dep-not-up', `the mail sink could not be started: ${messageOf(error)}`, {
      cause: error,
      hint: `Is there a network ${PROXY_NETWORK} that takes containers? Run 'cc-ci doctor'.`,
    })
  }
  await listens(host, name)
}

async function listens(host: ProviderHost, name: string): Promise<void> {
  const waited = await waitFor<true, string>(
    async () => {
      const container = await host.engine.container(name)
      if (container?.state !== 'running') return { state: 'impossible', cause: await host.engine.containerLogs(name) }
      const open = await looksOpen(host, name)
      return open ? { state: 'ready', value: true } : { state: 'waiting', reason: 'nothing listens yet' }
    },
    { name: 'the mail sink to listen', timeoutMs: UP_DEADLINE_MS, everyMs: 100, signal: host.signal },
  )
  if (waited.state === 'ready') return
  const why = waited.state === 'deadline' ? waited.lastSeen : waited.cause.slice(-500)
  throw new InfraError('dep-not-up', `the mail sink did not come up: ${why}`)
}
