import { expect, test } from 'vitest'
import { retryWhileUnavailable } from '../../src/engine/convergence/engine-unavailable.ts'
import { InfraError, UsageError } from '../../src/lib/errors.ts'

const ready = { state: 'ready', value: 1 } as const
const gone = new InfraError('engine-lost', 'connect ENOENT')
const answered = (status: number) => Object.assign(new InfraError('engine-refused', `says ${status}`), { status })

/** What each look gives: `second: "ready"`, the reason of a wait, or "throws" with the message. */
async function looked(looks: readonly (readonly [second: number, outcome: typeof ready | Error])[]) {
  let now = 0
  let outcome: typeof ready | Error = ready
  const look = retryWhileUnavailable({ now: () => now * 1000, sleep: async () => {} }, async () => {
    if (outcome instanceof Error) throw outcome
    return outcome
  })
  const said = []
  for ([now, outcome] of looks) {
    const seen = await look().catch((error: Error) => `throws ${error.message}`)
    said.push(typeof seen === 'string' ? seen : seen.state === 'waiting' ? seen.reason : seen.state)
  }
  return said
}

test('an engine that is away for less than 30 s is waited for', async () => {
  expect(
    await looked([
      [0, gone],
      [29.9, gone],
      [29.95, ready],
    ]),
  ).toEqual(['the engine does not answer: connect ENOENT', 'the engine does not answer: connect ENOENT', 'ready'])
})

test('one that is away for 30 s on end is lost, not one that came back in between', async () => {
  expect(
    (
      await looked([
        [100, gone],
        [130, gone],
      ])
    ).at(-1),
  ).toBe('throws connect ENOENT')
  expect(
    (
      await looked([
        [100, gone],
        [120, ready],
        [131, gone],
        [160, gone],
        [161, gone],
      ])
    ).slice(2),
  ).toEqual([
    'the engine does not answer: connect ENOENT',
    'the engine does not answer: connect ENOENT',
    'throws connect ENOENT',
  ])
})

test('a call that hangs counts from its beginning', async () => {
  let now = 0
  const look = retryWhileUnavailable({ now: () => now, sleep: async () => {} }, async () => {
    now += 30_000
    throw gone
  })
  await expect(look()).rejects.toBe(gone)
})

test.each<[string, Error, 'waited for' | 'thrown']>([
  ['a manager that starts', answered(503), 'waited for'],
  ['a Swarm without a leader', answered(500), 'waited for'],
  ['a request that is refused', answered(499), 'thrown'],
  ['a status that is none', Object.assign(new InfraError('x', 'x'), { status: '503' }), 'thrown'],
  ['another trouble of the machine', new InfraError('disk-full', 'full'), 'thrown'],
  ['a fault that is not the machine’s', Object.assign(new UsageError('engine-lost', 'x'), { status: 503 }), 'thrown'],
  ['a bug', new TypeError('x is not a function'), 'thrown'],
])('%s: %s is %s', async (_, error, outcome) => {
  const [said] = await looked([[0, error]])
  expect(said).toBe(outcome === 'thrown' ? `throws ${error.message}` : `the engine does not answer: ${error.message}`)
})
