import { type Engine, RUN_LABEL, STACK_LABEL } from '../../../src/engine/client.ts'

const KINDS = ['service', 'network', 'volume', 'secret', 'config'] as const

/** Something on the engine that a run could leave there. */
export interface EngineItem {
  /** `volume blog-abc123_ci_test_data`. */
  readonly name: string
  /** Null: it does not say. */
  readonly run: string | null
  readonly stack: string | null
}

/** Everything on the engine that a run could leave there. */
export async function onEngine(engine: Engine): Promise<EngineItem[]> {
  const [containers, ...objects] = await Promise.all([
    engine.containers({}),
    ...KINDS.map(async (kind) => (await engine.objects.list(kind)).map((object) => ({ kind, ...object }))),
  ])
  return [...containers.map((container) => ({ kind: 'container', ...container })), ...objects.flat()].map(
    ({ kind, name, labels }) => ({
      name: `${kind} ${name}`,
      run: labels[RUN_LABEL] ?? null,
      stack: labels[STACK_LABEL] ?? null,
    }),
  )
}
