import { expect, it } from 'vitest'
import { RunningBlock } from '../../../src/report/terminal/running-block.ts'
import { HandClock } from './hand-clock.ts'
import { screenOf } from './small-terminal.ts'

function setUp({ tty, columns = 80 }: { tty: boolean; columns?: number }) {
  const writes: string[] = []
  const clock = new HandClock()
  const stream = { write: (text: string) => writes.push(text), columns, rows: 24 }
  const block = new RunningBlock({ stream, clock, tty, ink: (_, text) => text })
  return { block, clock, writes, rows: () => screenOf(writes.join(''), columns).rows }
}

it('shows how far all is and what is running, each with its time, below lines that stay', async () => {
  const { block, clock, rows } = setUp({ tty: true })
  block.show('0 of 3 ended', ['todo'])
  await clock.advance(2_000)
  block.show('1 of 3 ended', ['todo', 'wordpress'])
  block.print(['ended  wiki: pass'])
  await clock.advance(1_000)
  expect(rows()[0]).toBe('ended  wiki: pass')
  expect(rows()[1]).toMatch(/^ {2}\S 1 of 3 ended$/)
  expect(rows().slice(2)).toEqual(['    todo              3.0 s', '    wordpress         1.0 s'])
  block.close()
  expect(rows()).toEqual(['ended  wiki: pass'])
})

it('has no block while nothing is running', async () => {
  const { block, clock, rows } = setUp({ tty: true })
  block.show('0 of 3 ended', ['todo'])
  await clock.advance(250)
  block.show('3 of 3 ended', [])
  await clock.advance(250)
  expect(rows()).toEqual([])
  block.close()
})

it.each([20, 80])('fits a terminal of %i columns, and counts what it does not name', async (columns) => {
  const { block, clock, rows } = setUp({ tty: true, columns })
  block.show(
    'a long text about how far all of it is',
    Array.from({ length: 30 }, (_, at) => `recipe-${at}`),
  )
  await clock.advance(250)
  expect(rows()).toHaveLength(9)
  expect(rows().at(-1)).toBe('    and 23 more')
  for (const row of rows()) expect(row.length).toBeLessThan(columns)
  block.close()
})

it('writes only the lines that stay where there is no terminal', async () => {
  const { block, clock, writes } = setUp({ tty: false })
  block.show('0 of 1 ended', ['todo'])
  await clock.advance(5_000)
  block.print(['ended  todo: pass'])
  block.close()
  expect(writes).toEqual(['ended  todo: pass\n'])
})
