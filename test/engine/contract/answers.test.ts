import { expect, test } from 'vitest'
import { standIn } from './stand-in.ts'

test.each([
  ['null', 'null'],
  ['null and a line end', 'null\n'],
  ['an empty list', '[]'],
  ['nothing at all', ''],
])('%s is an empty list', async (_what, body) => {
  await using engine = await standIn({ body })
  expect(await engine.engine.objects.changedPaths('c')).toEqual([])
  expect(await engine.engine.services('s')).toEqual([])
  expect(await engine.engine.tasks('s')).toEqual([])
  expect(await engine.engine.containers({ stack: 's' })).toEqual([])
  expect(await engine.engine.objects.list('network')).toEqual([])
})
