import { expect, test } from 'vitest'
import { patternKeepsTo } from '../../../src/recipe/traefik/host-pattern.ts'

test.each<[pattern: string, own: boolean]>([
  ['a-b.ci.test', true],
  ['^.+\\.a-b\\.ci\\.test$', true],
  ['^.+.A-b.ci.test$', true],
  ['{sub:[a-z]+}.a-b.ci.test', true],
  ['^([a-z0-9-]+\\.)?a-b.ci.test$', true],
  ['^(?:www|m)\\.a-b.ci.test', true],
  ['(?P<sub>[^.]+)\\.a-b.ci.test', true],
  ['.+', false],
  ['.+.ci.test', false],
  ['a-b.ci.test.+', false],
  ['a-b.ci.test?', false],
  ['.+|a-b.ci.test', false],
  ['(.+|a-b.ci.test)', false],
  ['(.+)|a-b.ci.test', false],
  ['{sub:a|b}.a-b.ci.test', false],
  ['\\(.+|a-b.ci.test', false],
  ['[(].+|.+[)]a-b.ci.test', false],
  ['[[:alpha:](]|[[:alpha:])]a-b.ci.test', false],
  ['\\Q(\\E.+|\\Q)\\Ea-b.ci.test', false],
  ['(.+|a)(a-b.ci.test', false],
  [').+(a-b.ci.test', false],
  ['\\a-b.ci.test', false],
  ['', false],
])('%j: %s', (pattern, own) => expect(patternKeepsTo(pattern, 'a-b.ci.test')).toBe(own))
