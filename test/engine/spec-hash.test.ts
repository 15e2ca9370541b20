import fc from 'fast-check'
import { expect, test } from 'vitest'
import { hashOf, specDifferences, specHash, templateHash } from '../../src/engine/spec-hash.ts'

const base = {
  ContainerSpec: { Image: 'a', Env: ['A=1'], Labels: { v: '1' } },
  ForceUpdate: 0,
  Networks: [{ Target: 'n' }],
}

test('labels, forced restarts and the runtime name do not count as another thing that runs', () => {
  const same = {
    ...base,
    ContainerSpec: { ...base.ContainerSpec, Labels: { v: '2' } },
    ForceUpdate: 3,
    Runtime: 'container',
  }
  expect(specHash(same)).toBe(specHash(base))
  expect(specDifferences(base, same)).toEqual([])
  expect(templateHash(same)).not.toBe(templateHash(base))
  expect(templateHash({ ...base, Runtime: 'container' })).toBe(templateHash(base))
})

test('names what differs as a compose file calls it', () => {
  const ContainerSpec = {
    Image: 'b',
    Env: ['A=2'],
    Args: ['x'],
    Configs: [{ ConfigName: 'c' }],
    Mounts: [{ Target: '/d' }],
  }
  expect(specDifferences(base, { ContainerSpec })).toEqual(['command', 'configs', 'env', 'image', 'mounts', 'networks'])
})

test('null, missing and empty are the same, and so is any order of keys', () => {
  expect(hashOf({ a: null, b: [], c: {} })).toBe(hashOf({}))
  const shuffled = (value: Record<string, unknown>) => Object.fromEntries(Object.entries(value).reverse())
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => hashOf(value) === hashOf(shuffled(value))),
  )
})

test('what is equal has nothing that differs, and the other way round', () => {
  const template = fc.record({
    ContainerSpec: fc.dictionary(fc.constantFrom('Image', 'Env', 'Args', 'Other'), fc.jsonValue()),
  })
  fc.assert(
    fc.property(template, template, (a, b) => (specHash(a) === specHash(b)) === (specDifferences(a, b).length === 0)),
  )
})
