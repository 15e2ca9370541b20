import { expect, test } from 'vitest'
import { otherRoutes } from '../../src/checks/other-routes.ts'

const from = (...rules: string[]) =>
  otherRoutes([{ service: 'app', rules, port: 80, namesDomain: true }], { host: 'a.ci.test', path: '/' }).map(
    ({ host, path }) => `${host}${path}`,
  )

test.each([
  ['what was asked already', 'Host(`a.ci.test`)', []],
  ['a path', 'Host(`a.ci.test`) && PathPrefix(`/admin`)', ['a.ci.test/admin']],
  ['another host', 'Host(`API.a.ci.test`)', ['api.a.ci.test/']],
  ['a method', 'Host(`a.ci.test`) && Method(`POST`)', []],
  ['alternatives', 'Host(`a.ci.test`) || Host(`b.ci.test`)', []],
  ['a negation', 'Host(`a.ci.test`) && !PathPrefix(`/x`)', []],
  ['a pattern', 'HostRegexp(`.+`)', []],
])('%s', (_, rule, places) => {
  expect(from(rule)).toEqual(places)
})
