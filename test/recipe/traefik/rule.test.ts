import { expect, it } from 'vitest'
import { boundHosts, coversPlace, hostsIn, namesHost, placesOf } from '../../../src/recipe/traefik/rule.ts'
import { MAX_RULE } from '../../../src/recipe/traefik/rule-reader.ts'

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
  expect(coversPlace(at('a', '/'), at('a', '/x'))).toBe(true)
  expect(coversPlace(at('a', '/'), at('a', '/', true))).toBe(true)
  expect(coversPlace(at('a', '/x'), at('a', '/'))).toBe(false)
  expect(coversPlace(at('b', '/'), at('a', '/'))).toBe(false)
  expect(coversPlace(at('a', '/x', true), at('a', '/x'))).toBe(false)
  expect(coversPlace(at('a', '/x', true), at('a', '/x', true))).toBe(true)
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
  ['Host("a\\"b")', ['a"b']],
  ['Host(`A.b.`)', ['a.b']],
  ['Host("\\x61")', ['a']],
  ['Host(`a`,)', ['a']],
  ['Host(`a` `b`)', null],
  ['Host(`a`, /* b */ `c`)', null],
  ['Host("\\*")', null],
  ['Host(`a`', null],
  [`${'('.repeat(50)}Host(\`a\`)${')'.repeat(50)}`, ['a']],
  [`${'('.repeat(100_000)}Host(\`a\`)`, null],
  [`${'!'.repeat(100_000)}Host(\`a\`)`, null],
])('%.40s keeps to hosts', (rule, hosts) => {
  expect(boundHosts(rule)).toEqual(hosts)
})

it.each<[rule: string, hosts: string[] | null]>([
  ['Host(`a`) && (Host(`B.`) || Path(`/`))', ['a', 'b']],
  ['!(Host(`a`) && !HostSNI("b"))', ['a', 'b']],
  ['HostRegexp(`a`) || Path(`/a`)', []],
  ['Host(`a`', null],
])('%s names %j', (rule, hosts) => expect(hostsIn(rule)).toEqual(hosts))

it.each<[rule: string, names: boolean]>([
  ['Host(`x`, `A.B.`)', true],
  ['Host("a\\x2eb")', true],
  ['!Host(`a.b`)', true],
  ['Path(`a.b`)', false],
  ['Host(`ba.b`)', false],
  ['Host(`a.b`', true],
  [`Host(\`a.b\`${' '.repeat(MAX_RULE)}`, false],
])('%.40s names a.b: %s', (rule, names) => expect(namesHost(rule, 'a.b')).toBe(names))

it('a rule takes time in proportion to its length, and no more than a bound', () => {
  // 200 kB of this kept the regular expression that was here before for 20 s.
  const texts = ['Host(', 'Host(`', '!', '(', 'Host(`a`)||', '"\\', "'", '`a`,'].map((piece) => piece.repeat(200_000))
  const start = process.cpuUsage()
  for (const text of texts.flatMap((text) => [text, text.slice(0, MAX_RULE)])) {
    expect([namesHost(text, 'a.b'), boundHosts(text)?.includes('a.b') ?? false]).toEqual([false, false])
    placesOf(text)
  }
  const { user, system } = process.cpuUsage(start)
  expect((user + system) / 1e6).toBeLessThan(10)
})
