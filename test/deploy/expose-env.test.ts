import { expect, test } from 'vitest'
import { exposeAppEnv } from '../../src/deploy/native/expose-env.ts'

const ENV = new Map([
  ['DOMAIN', 'a.ci.test'],
  ['THEME', 'dark'],
])

test('the app has every variable of its environment, and its compose file has the last word', () => {
  const service = { image: 'x', environment: { THEME: 'light', OWN: '1' } }
  expect(exposeAppEnv(service, ENV).environment).toEqual({ DOMAIN: 'a.ci.test', THEME: 'light', OWN: '1' })
  expect(exposeAppEnv({ image: 'x' }, ENV).environment).toEqual({ DOMAIN: 'a.ci.test', THEME: 'dark' })
})
