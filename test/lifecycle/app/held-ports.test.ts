import { expect, test } from 'vitest'
import { randomId } from '../../../src/lib/ids.ts'
import { HeldPorts } from '../../../src/lifecycle/app/held-ports.ts'

test('a port belongs to one run until that run lets it go, and of TCP and UDP each has its own', async () => {
  const number = randomId(8)
  const [first, second] = [new HeldPorts(), new HeldPorts()]
  const tcp = `port:${number}/tcp`
  expect(await first.take(tcp)).toBe(true)
  expect(await first.take(tcp), 'a second attempt of the same run').toBe(true)
  expect(await second.take(tcp)).toBe(false)
  expect(await second.take(`port:${number}/udp`)).toBe(true)
  first[Symbol.dispose]()
  expect(await second.take(tcp)).toBe(true)
  second[Symbol.dispose]()
})
