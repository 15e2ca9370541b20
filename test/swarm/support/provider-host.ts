import type { ProviderHost, ProviderRun } from '../../../src/deps/provider.ts'
import { ensureEdge } from '../../../src/edge/ensure.ts'
import { Engine } from '../../../src/engine/client.ts'
import { newRunId, randomId } from '../../../src/lib/ids.ts'

export async function providerHost(log: (line: string) => void = () => {}): Promise<ProviderHost> {
  const { signal } = new AbortController()
  return { engine: await Engine.connect(), edge: await ensureEdge(), vips: false, signal, log }
}

/** A run that nobody else has. */
export function providerRun(): ProviderRun {
  const stack = `dep-${randomId(6)}_ci_test`
  return { runId: newRunId(Date.now()), stack, domain: stack.replaceAll('_', '.') }
}
