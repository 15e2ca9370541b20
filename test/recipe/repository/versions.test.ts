import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  compareVersions,
  olderThan,
  parseVersion,
  releaseVersionLabel,
} from '../../../src/recipe/repository/versions.ts'
import { resolved } from '../throwaway.ts'

test('versions are ordered by both halves', () => {
  const ordered = [
    '0.9.9+9',
    '1.0.0-rc.1+1',
    '1.0.0+1.9.0',
    '1.0.0+1.10.0-rc1',
    '1.0.0+1.10.0',
    '1.0.0+1.10.0.1',
    '1.0.0+v1.11.0',
    '1.0.0+2024.09-alpine',
    '1.1.0+1.0.0',
    '10.0.0+1',
  ]
  const shuffled = [...ordered].reverse()
  expect(shuffled.sort(compareVersions)).toEqual(ordered)
})

test.each(['v1.0.3', '1.0.0', '1.0+1', '1.0.0+', 'main', '+1', '01.0.0+1'])('%s is no version', (text) => {
  expect(parseVersion(text)).toBeNull()
})

test('the right half may be any tag', () => {
  expect(parseVersion('2.0.1+1.0.6-social-amd64')).toEqual({ recipe: '2.0.1', upstream: '1.0.6-social-amd64' })
})

const version = fc
  .tuple(fc.nat(3), fc.nat(12), fc.constantFrom('', '-rc1', '-alpine', '.1'), fc.nat(12))
  .map(([a, b, c, d]) => `1.${a}.${b}+1.${d}${c}`)

test('the order is total and consistent', () => {
  fc.assert(
    fc.property(version, version, version, (a, b, c) => {
      expect(Math.sign(compareVersions(a, b))).toBe(-Math.sign(compareVersions(b, a)) + 0)
      expect(compareVersions(a, b) === 0).toBe(a === b)
      if (compareVersions(a, b) < 0 && compareVersions(b, c) < 0) expect(compareVersions(a, c)).toBeLessThan(0)
    }),
  )
})

test('older means strictly older', () => {
  const versions = ['1.0.0+1', '1.0.0+2', '1.0.0+3'].map((tag) => ({ tag, recipe: '', upstream: '', commit: '' }))
  expect(olderThan(versions, '1.0.0+2').map(({ tag }) => tag)).toEqual(['1.0.0+1'])
})

test('the label of the app service tells the version', async () => {
  const compose =
    'version: "3.8"\nservices:\n  app:\n    image: x\n    deploy:\n      labels:\n        - "coop-cloud.${STACK_NAME}.version=1.0.0+1.2"\n'
  expect(releaseVersionLabel((await resolved({ 'compose.yml': compose })).stack)).toBe('1.0.0+1.2')
  expect(
    releaseVersionLabel((await resolved({ 'compose.yml': 'version: "3.8"\nservices: {app: {image: x}}\n' })).stack),
  ).toBeNull()
})
