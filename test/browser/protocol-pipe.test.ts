import { PassThrough } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { ProtocolPipe } from '../../src/browser/protocol-pipe.ts'

const MOST = 64

function connected() {
  const stream = new PassThrough()
  const pipe = new ProtocolPipe(MOST)
  const heard: object[] = []
  const closed: (string | undefined)[] = []
  pipe.onmessage = (message) => void heard.push(message)
  pipe.onclose = (why) => void closed.push(why)
  expect(pipe.take(stream)).toBe(true)
  const says = async (...pieces: string[]) => {
    for (const piece of pieces) {
      stream.write(piece)
      await setImmediate()
    }
    await setImmediate()
  }
  return { stream, pipe, heard, closed, says }
}

it('takes messages apart however they are cut', async () => {
  const { says, heard, pipe } = connected()
  await says('{"id":1}\0{"id":2}\0{"i', 'd":', '3}', '\0')
  expect(heard).toEqual([{ id: 1 }, { id: 2 }, { id: 3 }])
  expect(pipe.ended).toBeNull()
})

it.each([
  ['one piece', [`"${'x'.repeat(MOST)}"\0`]],
  ['many pieces without an end', Array.from({ length: MOST }, () => 'xx')],
])('ends at a message that is too long: %s', async (_, pieces) => {
  const { says, heard, pipe, closed, stream } = connected()
  await says('{"id":1}\0', ...pieces)
  expect(heard).toEqual([{ id: 1 }])
  expect(pipe.ended).toContain(`more than ${MOST} bytes`)
  expect(closed).toEqual([pipe.ended])
  expect(stream.destroyed).toBe(true)
})

it('counts each message alone', async () => {
  const { says, heard } = connected()
  for (let id = 0; id < MOST; id++) await says(`{"id":${id}}\0`)
  expect(heard).toHaveLength(MOST)
})

it.each(['no JSON\0', '7\0', 'null\0', '\0'])('ends at what is no message: %j', async (text) => {
  const { says, heard, pipe } = connected()
  await says(text)
  expect(heard).toEqual([])
  expect(pipe.ended).toBe('it sent what is no message')
})

it('has one partner, and says when it is gone', async () => {
  const { pipe, stream, closed } = connected()
  expect(pipe.take(new PassThrough())).toBe(false)
  stream.destroy()
  await setImmediate()
  await setImmediate()
  expect(pipe.ended).toBe('Chromium has ended')
  expect(closed).toEqual(['Chromium has ended'])
})
