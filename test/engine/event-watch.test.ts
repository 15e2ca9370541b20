import type { ServerResponse } from 'node:http'
import { expect, test } from 'vitest'
import { standIn } from './contract/stand-in.ts'

const event = (Action: string, ID: string, stack = 's') =>
  `${JSON.stringify({ Type: 'container', Action, Actor: { ID, Attributes: { 'com.docker.stack.namespace': stack } } })}\n`

/** An engine that says these pieces on its stream of events, and nothing more until it is closed. */
async function telling(pieces: readonly string[]) {
  const said = async (response: ServerResponse) => {
    response.writeHead(200, { 'Content-Type': 'application/json' })
    for (const piece of pieces) {
      response.write(piece)
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  const engine = await standIn((_, response) => void said(response))
  const watch = engine.engine.events('s')
  return {
    watch,
    async [Symbol.asyncDispose]() {
      watch.close()
      await engine[Symbol.asyncDispose]()
    },
  }
}

test('the engine’s `oom` names the container in which the kernel killed, in whatever pieces it comes', async () => {
  const whole = event('oom', 'c1')
  await using reported = await telling([event('start', 'c0'), whole.slice(0, 20), whole.slice(20), event('oom', 'c2')])
  const heard = () => [...reported.watch.outOfMemory.keys()]
  await expect.poll(heard, { timeout: 60_000 }).toEqual(['c1', 'c2'])
})

test('other events, other stacks and half lines tell nothing', async () => {
  const others = [event('oom', 'c1', 'other'), event('die', 'c2'), `x"com.docker.stack.namespace":"s" "oom"\n`]
  await using reported = await telling([...others, event('oom', 'c9')])
  await expect.poll(() => reported.watch.outOfMemory.size, { timeout: 60_000 }).toBeGreaterThan(0)
  expect([...reported.watch.outOfMemory.keys()]).toEqual(['c9'])
})
