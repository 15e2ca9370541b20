import { expect, it } from 'vitest'
import { foldRepeats } from '../../../src/lib/text/fold-repeats.ts'

it.each([
  ['nothing', [], []],
  ['what is said once', ['a', 'b'], ['a', 'b']],
  ['the same', ['a', 'a', 'a', 'b'], ['a', '… 2 more like this', 'b']],
  [
    'what differs in numbers, between other lines',
    ['up', '10:00:01 [12] denied', 'again', '10:00:02 [13] denied', 'again', '10:00:03 [9] denied'],
    ['up', 'again', '… 1 more like this', '10:00:03 [9] denied', '… 2 more like this'],
  ],
  ['ids', ['req 0a1b2c3d4e failed', 'req ffee00112233 failed'], ['req ffee00112233 failed', '… 1 more like this']],
  ['words of the same letters as ids are not', ['deadbeef', 'facade'], ['deadbeef', 'facade']],
])('folds %s', (_, lines, folded) => {
  expect(foldRepeats(lines)).toEqual(folded)
})
