import { expect, it } from 'vitest'
import { leftBehind } from '../../../scripts/test/apps/left-behind.ts'
import { lifeWith } from './results-of-life.ts'

const ours = lifeWith()
const { id: run, stack } = ours.run
const item = (name: string, more: { run?: string; stack?: string } = {}) => ({ name, run: null, stack: null, ...more })

it('names what is new, and leaves out what says that it is somebody else’s', () => {
  const before = [item('network proxy')]
  const after = [
    ...before,
    item('volume nameless'),
    item('container helper', { run }),
    item('service app', { stack }),
    item('container other', { run: '20261201-000000-other1' }),
    item('container of-a-build'),
    item('container cc-ci-something'),
    item('service other', { stack: 'blog-other1_ci_test' }),
  ]
  expect(leftBehind(before, after, [ours])).toEqual([
    'volume nameless',
    'container helper',
    'service app',
    'container cc-ci-something',
  ])
})

it('takes what may be of a run without results for its own', () => {
  const after = [item('volume data', { stack: 'blog-abc123_ci_test', run: '20261201-000000-abc123' })]
  expect(leftBehind([], after, [ours])).toEqual([])
  expect(leftBehind([], after, [ours], ['blog'])).toEqual(['volume data'])
})
