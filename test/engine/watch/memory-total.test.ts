import { expect, test } from 'vitest'
import { MemoryTotal } from '../../../src/engine/watch/memory-total.ts'
import { settled } from './watching.ts'

type Asked = ConstructorParameters<typeof MemoryTotal>[0]

/** Containers by the service they belong to and what they hold; `unknown`: the engine counts no memory; `gone`: it has just ended. */
type Held = Readonly<Record<string, readonly (number | 'unknown' | 'gone')[]>>

/** A total over an engine that says what the test wants, looked at when the test says so. */
function total(held: Held, broken: Error | null = null) {
  let now = 0
  let away = broken
  let turn: () => void = () => undefined
  const killed: string[] = []
  const over: [string, number][] = []
  const listed = () =>
    Object.entries(held).flatMap(([service, all]) =>
      all.map((_, i) => ({ id: `${service}.${i}`, service: `s_${service}` })),
    )
  const of = (id: string) => {
    const [service = '', index = ''] = id.split('.')
    return held[service]?.[Number(index)]
  }
  const engine = {
    async taskContainers(prefix: string) {
      if (away) throw away
      expect(prefix).toBe('s_')
      return listed()
    },
    memoryBytes: async (id: string) => {
      const bytes = of(id)
      return typeof bytes === 'number' ? bytes : null
    },
    container: async (id: string) => (of(id) === 'gone' ? null : { state: 'running' }),
    objects: { killContainer: async (id: string) => void killed.push(id) },
  } as unknown as Asked
  const watch = new MemoryTotal(engine, {
    stack: 's',
    mostBytes: 100,
    clock: {
      now: () => now,
      sleep: () =>
        new Promise((resolve) => {
          turn = resolve
        }),
    },
    onOver: (service, bytes) => over.push([service, bytes]),
  })
  return {
    ...{ watch, killed, over },
    breakWith(error: Error | null) {
      away = error
    },
    async look(atMs: number) {
      now = atMs
      turn()
      await settled()
    },
  }
}

test('what is below the bound together continues, to the last byte', async () => {
  const { watch, look, killed, over } = total({ app: [60], db: [40] })
  using _ = watch
  await look(1)
  expect([killed, over, await watch.blindness()]).toEqual([[], [], null])
})

test('above it every container of the service that holds most is ended, each below its own limit', async () => {
  const { watch, look, killed, over } = total({ app: [41], workers: [30, 30] })
  using _ = watch
  await look(1)
  expect(killed.slice(0, 2)).toEqual(['workers.0', 'workers.1'])
  expect(over[0]).toEqual(['workers', 101])
})

test('a container that has just ended holds nothing', async () => {
  const { watch, look, killed } = total({ app: ['gone'], db: [40] })
  using _ = watch
  await look(1)
  expect([killed, await watch.blindness()]).toEqual([[], null])
})

test('an engine that counts no memory leaves it blind, and it says so', async () => {
  const { watch, look, killed } = total({ app: ['unknown'], db: [400] })
  using _ = watch
  await look(1000)
  await look(2000)
  expect(killed).toEqual([])
  expect(await watch.blindness()).toMatchObject({
    never: true,
    why: 'the engine does not say what memory s_app holds',
  })
})

test('looks that fail are told with their reason, and end nothing', async () => {
  const { watch, look, breakWith } = total({ app: [1] })
  using _ = watch
  await look(1000)
  breakWith(new Error('gone'))
  for (const at of [2000, 3000, 4000]) await look(at)
  breakWith(null)
  await look(41_000)
  expect(await watch.blindness()).toMatchObject({ failed: 3, longestMs: 40_000, never: false, why: 'gone' })
})

test('who asks it after looks that all failed has it look once more', async () => {
  const { watch, look, breakWith } = total({ app: [1] }, new Error('gone'))
  await look(1000)
  expect(await watch.blindness()).toMatchObject({ never: true })
  breakWith(null)
  expect(await watch.blindness()).toMatchObject({ never: false })
  watch.close()
})

test('an app that does not run is nothing to look at', async () => {
  const { watch, look, breakWith } = total({})
  using _ = watch
  await look(1000)
  breakWith(new Error('gone'))
  await look(2000)
  expect(await watch.blindness()).toMatchObject({ never: true })
})
