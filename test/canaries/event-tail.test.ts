import { appendFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { EventTail } from '../../src/canaries/event-tail.ts'

let state: string
beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'cc-ci-tail-'))
})
afterEach(() => rmSync(state, { recursive: true, force: true }))

function write(run: string, text: string | Buffer): void {
  mkdirSync(join(state, 'runs', run), { recursive: true })
  appendFileSync(join(state, 'runs', run, 'events.ndjson'), text)
}

it('gives whole lines as they come, also such as are cut in the middle of a letter', () => {
  const tail = new EventTail(state)
  expect(tail.next()).toEqual([])
  const second = Buffer.from(`${JSON.stringify({ seq: 2, text: 'ä ö' })}\n`)
  const cut = second.indexOf(0xc3) + 1
  write('one', `${JSON.stringify({ seq: 1 })}\n`)
  write('one', second.subarray(0, cut))
  expect(tail.next()).toEqual([{ seq: 1 }])
  expect(tail.next()).toEqual([])
  write('one', second.subarray(cut))
  write('one', `${JSON.stringify({ seq: 3 })}\n${JSON.stringify({ seq: 4 })}\n`)
  expect(tail.next()).toEqual([{ seq: 2, text: 'ä ö' }, { seq: 3 }, { seq: 4 }])
})

it('reads a stream that is longer than one gulp', () => {
  const tail = new EventTail(state)
  const long = Array.from({ length: 4000 }, (_, index) => `${JSON.stringify({ seq: index, pad: 'x'.repeat(200) })}\n`)
  write('one', long.join(''))
  expect(tail.next()).toHaveLength(4000)
})

it('follows the run that begins after it, not one that was there', () => {
  write('old', `${JSON.stringify({ seq: 1 })}\n`)
  const tail = new EventTail(state)
  expect(tail.folder).toBeNull()
  write('young', `${JSON.stringify({ seq: 7 })}\n`)
  expect(tail.folder).toBe(join(state, 'runs', 'young'))
  expect(tail.next()).toEqual([{ seq: 7 }])
})
