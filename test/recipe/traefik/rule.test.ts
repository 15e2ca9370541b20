import { expect, it } from 'vitest'
import { boundHosts, covers, placesOf } from '../../../src/recipe/traefik/rule.ts'

it.each<[rule: string, places: string[] | null]>([
  ['Host(`a.b`)', ['a.b/']],
  ['Host("A.b")', ['a.b/']],
  ['Host(`a`, `b`)', ['a/', 'b/']],
  ['Host(`a`) || Host(`b`)', ['a/', 'b/']],
  ['Host(`a`) && PathPrefix(`/x`)', ['a/x']],
  ['PathPrefix(`/x`) && Host(`a`)', ['a/x']],
  ['Host(`a`) && Path(`/x`)', ['a/x!']],
  ['(Host(`a`) || Host(`b`)) && PathPrefix(`/x`, `/y`)', ['a/x', 'a/y', 'b/x', 'b/y']],
  ['Host(`a`) || Host(`b`) && PathPrefix(`/x`)', ['a/', 'b/x']],
  ['Host(`a`) && (PathPrefix(`/x`) || Path(`/y`))', ['a/x', 'a/y!']],
  ['PathPrefix(`/x`)', null],
  ['!Host(`a`)', null],
  ['Host(`a`) && !PathPrefix(`/x`)', null],
  ['HostRegexp(`.+`)', null],
  ['Host(`a`) && PathRegexp(`^/x`)', null],
  ['Host(`a`) && Path(`/{id:[0-9]+}`)', null],
  ['Host(`a`) && PathPrefix(`/x`, `/{y}`)', null],
  ['Host(`a`) && Method(`POST`)', null],
  ['Host(`a`) && Host(`b`)', null],
  ['(Host(`a`)', null],
  ['Host(`a`) Host(`b`)', null],
  ['Host(`a`) &&', null],
  ['', null],
])('%s', (rule, places) => {
  expect(placesOf(rule)?.map(({ host, path, exact }) => `${host}${path}${exact ? '!' : ''}`) ?? null).toEqual(places)
})

it('a place covers itself and what lies below it', () => {
  const at = (host: string, path: string, exact = false) => ({ host, path, exact })
  expect(covers(at('a', '/'), at('a', '/x'))).toBe(true)
  expect(covers(at('a', '/'), at('a', '/', true))).toBe(true)
  expect(covers(at('a', '/x'), at('a', '/'))).toBe(false)
  expect(covers(at('b', '/'), at('a', '/'))).toBe(false)
  expect(covers(at('a', '/x', true), at('a', '/x'))).toBe(false)
  expect(covers(at('a', '/x', true), at('a', '/x', true))).toBe(true)
})

it.each<[rule: string, hosts: string[] | null]>([
  ['Host(`A.b`)', ['a.b']],
  ['HostSNI(`a`)', ['a']],
  ['Host(`a`) && Method(`POST`)', ['a']],
  ['Host(`a`) || Host(`b`) && Path(`/x`)', ['a', 'b']],
  ['Host(`a`) || Path(`/x`)', null],
  ['!Host(`a`)', null],
  ['Host(`a`) && !Host(`b`)', ['a']],
  ['HostRegexp(`a`)', null],
  ['Host()', null],
  ['Host("a\\"b")', ['a\\"b']],
  ['Host(`a`', null],
  [`${'('.repeat(50)}Host(\`a\`)${')'.repeat(50)}`, ['a']],
  [`${'('.repeat(100_000)}Host(\`a\`)`, null],
  [`${'!'.repeat(100_000)}Host(\`a\`)`, null],
])('%.40s keeps to hosts', (rule, hosts) => {
  expect(boundHosts(rule)).toEqual(hosts)
})
