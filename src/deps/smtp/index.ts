import type { Engine } from '../../engine/client.ts'
import { ImageBuilder } from '../../images/builder.ts'
import { smtpSinkImage } from '../../images/smtp-sink.ts'
import { withMachineLock } from '../../lib/process/machine-lock.ts'
import { isOrphan } from '../maker.ts'
import type { ProvidedDependency, Provider, ProviderHost, ProviderRun } from '../provider.ts'
import { checkSink, clearSink, messagesOf } from './mail.ts'
import { ROLE, sinkHost, sinkName, startSink } from './sink.ts'

/** A mail server for each run that keeps what the app sends. */
export const smtp: Provider = {
  name: 'smtp',
  what: 'A mail server that delivers nothing: tests read what the app sent. Without TLS and logins, on the network `proxy`.',
  outputs: {
    host: 'Its host name',
    port: 'Its port; 25 works too',
    from: 'An address to send from',
  },
  ensure: (host) =>
    withMachineLock(host.log, () => new ImageBuilder(host.log).ensure(smtpSinkImage()), 'cc-ci-dep-smtp'),
  async provide(host, run) {
    await smtp.release(host, run)
    await startSink(host, run)
    const credentials = { host: sinkHost(run), port: '1025', from: 'app@example.org' }
    const outputs = { credentials, secrets: [], reach: null, authority: null }
    return { ...outputs, ...actsOf(host, run), release: () => smtp.release(host, run) }
  },
  attach: (host, run, outputs) => ({ ...outputs, ...actsOf(host, run), release: async () => {} }),
  release: ({ engine }, run) => engine.removeContainer(sinkName(run)),
  async sweep({ engine }) {
    const dead = (await sinks(engine)).filter(({ labels }) => isOrphan(labels))
    for (const { id } of dead) await engine.removeContainer(id)
    return dead.map(({ name }) => `container ${name}`)
  },
  // Nothing is shared but the image, and images stay.
  remove: async () => false,
}

function actsOf(host: ProviderHost, run: Pick<ProviderRun, 'stack'>): Pick<ProvidedDependency, 'calls' | 'health'> {
  const name = sinkName(run)
  return {
    calls: {
      messages: () => messagesOf(host, name),
      clear: () => clearSink(host, name),
    },
    health: () => checkSink(host, name),
  }
}

const sinks = (engine: Engine) => engine.containers({ labels: [`cc-ci.role=${ROLE}`] })
