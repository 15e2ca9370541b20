import { mkdir } from 'node:fs/promises'
import { makeCertificate } from '../edge/certificate.ts'
import { type Engine, RUN_LABEL } from '../engine/client.ts'
import { ensureSandboxImage } from '../images/sandbox.ts'
import { waitFor } from '../lib/async/wait.ts'
import { InfraError } from '../lib/errors.ts'
import { startBox } from './box.ts'
import { BridgeLink } from './bridge-link.ts'
import type { Sandbox, SandboxOptions } from './contract.ts'
import { fillBox } from './fill.ts'
import { startGate } from './gate.ts'
import { sandboxNames } from './names.ts'
import { removeSandbox } from './remove.ts'
import { ContainerSandbox } from './sandbox.ts'

const GATE_DEADLINE_MS = 30_000

/**
 * Makes the sandbox of a run: an internal network, on it the gate and the container with the code of the sides. What is left of an earlier one
 * of the same prefix is removed first; what a failure leaves half made, at once. The image is built when it is missing, which takes a
 * minute. Throws InfraError, RecipeError `code-too-large`, and the signal's reason when it aborts.
 */
export async function openSandbox(engine: Engine, options: SandboxOptions): Promise<Sandbox> {
  const { prefix, signal, log } = options
  const image = await ensureSandboxImage(log)
  const names = sandboxNames(prefix)
  await removeSandbox(engine, names)
  try {
    return await open(engine, options, image)
  } catch (error) {
    await removeSandbox(engine, names)
    signal.throwIfAborted()
    throw error
  }
}

async function open(engine: Engine, options: SandboxOptions, image: string): Promise<Sandbox> {
  const { runId, prefix, tmp, code, signal, domain } = options
  const names = sandboxNames(prefix)
  signal.throwIfAborted()
  await mkdir(tmp, { recursive: true })
  const [certificate] = await Promise.all([
    makeCertificate(tmp),
    engine.objects.createNetwork(names.network, { [RUN_LABEL]: runId }, { internal: true }),
  ])
  signal.throwIfAborted()
  const box = async () => {
    const container = await startBox(engine, { runId, image, names })
    await fillBox(engine, container, { code, authority: certificate.ca, signal })
    return { container, link: await BridgeLink.open(engine, container, signal) }
  }
  const [{ container, link }] = await Promise.all([box(), startGate(engine, { ...options, names, certificate })])
  await gateAnswers(engine, container, domain, signal)
  return new ContainerSandbox(engine, { ...options, names, image, container, link })
}

/** Looks from inside, where the programs will stand. */
async function gateAnswers(engine: Engine, container: string, domain: string, signal: AbortSignal): Promise<void> {
  const probe = ['/bin/bash', '-c', 'exec 3<>"/dev/tcp/$1/443"', 'bash', domain]
  const result = await waitFor<true, never>(
    async () => {
      const { exitCode, stderr } = await engine.exec(container, probe, { timeoutMs: 5000, signal })
      return exitCode === 0 ? { state: 'ready', value: true } : { state: 'waiting', reason: stderr.trim() }
    },
    { name: 'the gate to answer', timeoutMs: GATE_DEADLINE_MS, everyMs: 100, signal },
  )
  if (result.state === 'ready') return
  const seen = result.state === 'deadline' ? result.lastSeen : ''
  throw new InfraError('gate-silent', `the gate of the sandbox does not answer for ${domain}: ${seen}`, {
    hint: "Run 'cc-ci doctor': it looks at the proxy network and the Traefik image.",
  })
}
