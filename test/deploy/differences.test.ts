import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { ABRA } from '../../src/deploy/abra/versions.ts'
import { DIFFERENCES } from '../../src/deploy/differences.ts'

it.each(DIFFERENCES)('$aspect is proven by a test, and an accommodation is told', ({ kind, shown, test }) => {
  const [file, title] = test
  expect(readFileSync(join(import.meta.dirname, '..', file), 'utf8')).toContain(title)
  expect(shown !== undefined).toBe(kind === 'accommodation')
})

it('asks of abra what keeps its own judgement and the network out of a deployment', () => {
  const passed = ABRA.commands.deploy.flags.map(({ pass }) => pass)
  expect(passed).toEqual(['-C', '-o', '-n', '-f', '-D', '-c'])
  const terminals = Object.entries(ABRA.commands).filter(([, { terminal }]) => terminal)
  expect(terminals.map(([id]) => id)).toEqual(['lint', 'backup', 'restore'])
})
