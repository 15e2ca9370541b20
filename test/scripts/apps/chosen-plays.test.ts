import { expect, it } from 'vitest'
import { chosenPlays } from '../../../scripts/test/apps/chosen-plays.ts'
import { APP } from './results-of-life.ts'

const OTHER = { ...APP, recipe: 'blog' }
const chosen = (names: readonly string[], part: { healthy?: boolean; faults?: boolean } = {}) =>
  chosenPlays([APP, OTHER], { names, healthy: false, faults: false, ...part }).map(({ name }) => name)

it('plays everything, lives first', () => {
  const all = ['pocketbase', 'blog', 'pocketbase/table-dropped', 'blog/table-dropped']
  expect(chosen([])).toEqual(all)
  expect(chosen([], { healthy: true, faults: true })).toEqual(all)
})

it('plays an app with its faults, a fault alone, or only one part', () => {
  expect(chosen(['blog'])).toEqual(['blog', 'blog/table-dropped'])
  expect(chosen(['blog/table-dropped'])).toEqual(['blog/table-dropped'])
  expect(chosen(['blog'], { healthy: true })).toEqual(['blog'])
  expect(chosen([], { faults: true })).toEqual(['pocketbase/table-dropped', 'blog/table-dropped'])
})

it('names what there is where a name is unknown', () => {
  const wrong = () => chosen(['wiki', 'pocketbase/nothing'])
  expect(wrong).toThrow('no real app and no fault is named wiki, pocketbase/nothing')
  expect(wrong).toThrow(
    expect.objectContaining({
      code: 'no-such-app',
      hint: 'Apps: pocketbase, blog. Faults: pocketbase/table-dropped, blog/table-dropped.',
    }),
  )
})

it('does not take nothing for everything', () => {
  expect(() => chosen(['blog/table-dropped'], { healthy: true })).toThrow('nothing is left of them')
})

it('approves the code of the recipe, adds the arguments of app and fault, and plays a fault once', () => {
  const plays = chosenPlays([{ ...APP, args: ['--allow', 'host-port'] }], { names: [], healthy: false, faults: false })
  expect(plays.map(({ canary }) => canary.args)).toEqual([
    ['--approve-code', '--allow', 'host-port'],
    ['--approve-code', '--no-repeat', '--allow', 'host-port', '--only', 'upgrade'],
  ])
})
