// cspell:ignore maxbodysize maxresponsebodysize trae traefi traef traefiks
import { expect, test } from 'vitest'
import type { ServiceState } from '../../../src/engine/types.ts'
import { routeProblem } from '../../../src/recipe/policy/labels.ts'
import { isTraefikLabel, knownLabel } from '../../../src/recipe/traefik/known-label.ts'
import { labelProblem } from '../../../src/recipe/traefik/label-problem.ts'
import { LABEL_TABLE, type ValueKind } from '../../../src/recipe/traefik/label-table.ts'
import { refusedLabels } from '../../../src/sandbox/gate-labels.ts'

const OWN = { domain: 'blog-1a2b.ci.test', stack: 'blog-1a2b_ci_test', strict: false }

/** A value that is the app's own, and one that is not. */
const VALUES: Readonly<Record<ValueKind, readonly [own: string, foreign: string | null]>> = {
  free: ['1', null],
  path: ['/healthz', '//keycloak.ci.test/'],
  port: ['8080', '80@127.0.0.1:8080'],
  scheme: ['https', 'http://127.0.0.1:8080/?'],
  pause: ['10s', '1ns'],
  priority: ['100', '9223372036854774000'],
  middlewares: ['security@file, redirect', 'redirect, keycloak_ci_test@swarm'],
  service: ['blog', 'api@internal'],
  rule: ['Host(`blog-1a2b.ci.test`)', 'Host(`keycloak.ci.test`)'],
  domains: ['blog-1a2b.ci.test, *.blog-1a2b.ci.test', '*.ci.test'],
  memory: ['200000000', '-1'],
  bodies: ['false', 'true'],
  attempts: ['4', '1000000'],
  users: ['a:$2y$05$x', 'a:$2y$31$x'],
  address: ['http://blog-1a2b_ci_test_auth:4181/verify', 'http://172.17.0.1:8080'],
}

const ROWS = LABEL_TABLE.flatMap(({ label, value, notForGate }) => {
  const at = label.lastIndexOf('.')
  const path = label
    .slice(0, at + 1)
    .replace('LIST[N]', 'domains[0]')
    .replace('NAME', 'blog')
  return label
    .slice(at + 1)
    .split(' ')
    .map((last) => ({
      label: `traefik.${path}${last === 'HEADER' ? 'X-Any' : last}`,
      value,
      forGate: notForGate === undefined,
    }))
})
const ofGate = (label: string, value: string) =>
  refusedLabels([{ service: 'app', labels: { [label]: value } } as unknown as ServiceState])

test.each(ROWS)('$label', ({ label, value, forGate }) => {
  const [own, foreign] = VALUES[value]
  const given = label.startsWith('traefik.udp.') && value === 'rule' ? ['dns', 'web'] : [own, foreign]
  for (const spelling of [label, label.toUpperCase().replace('BLOG', 'blog').replace('X-ANY', 'X-Any')]) {
    expect(judged(spelling, given[0] ?? '')).toBeNull()
    if (foreign !== null) expect(judged(spelling, given[1] ?? '')).not.toBeNull()
  }
  // Traefik 3.7 knows it: it is there to be used.
  expect(labelProblem(label)).toBeNull()
  expect(ofGate(label, own)).toEqual(forGate ? [] : [`app: ${label}`])
  for (const other of [label.replace('.blog', '[blog]'), label.replace('blog', 'bl*g'), `${label}[0]`, `${label}.`]) {
    if (other !== label) {
      expect(knownLabel(other)).toBeNull()
      expect(ofGate(other, own)).toEqual([`app: ${other}`])
    }
  }
})

const judged = (label: string, value: string) => routeProblem(label, value, OWN, { [label]: value })

/** The edge is one program for all apps. */
test.each<[option: string, value: string, beside: Readonly<Record<string, string>>, admitted: boolean]>([
  ['buffering.memRequestBodyBytes', '268435456', {}, true],
  ['buffering.memRequestBodyBytes', '268435457', {}, false],
  ['buffering.memResponseBodyBytes', '-1', {}, false],
  ['buffering.maxRequestBodyBytes', '5368709120', {}, true],
  ['compress.minResponseBodyBytes', '1024', {}, true],
  ['compress.minResponseBodyBytes', '99999999999', {}, false],
  ['retry.attempts', '100', {}, true],
  ['retry.attempts', '101', {}, false],
  ['retry.maxRequestBodyBytes', '-1', {}, false],
  ['forwardAuth.maxBodySize', '4096', {}, true],
  ['forwardAuth.maxResponseBodySize', '-1', {}, false],
  ['forwardAuth.forwardBody', 'True', {}, false],
  ['forwardAuth.forwardBody', '1', { 'blog.forwardauth.MAXBODYSIZE': '4096' }, true],
  ['forwardAuth.forwardBody', 't', { 'blog.forwardauth.maxbodysize': '' }, false],
  ['forwardAuth.forwardBody', 'true', { 'Blog.forwardauth.maxbodysize': '4096' }, false],
  ['forwardAuth.forwardBody', 'true', { 'blog.forwardauth.maxresponsebodysize': '4096' }, false],
  ['forwardAuth.forwardBody', 'false', {}, true],
  ['forwardAuth.address', 'http://keycloak.ci.test/', {}, false],
  ['forwardAuth.address', 'http://169.254.169.254/', {}, false],
])('what the edge holds and calls: %s=%s beside %j: %j', (option, value, beside, admitted) => {
  const label = `traefik.http.middlewares.blog.${option}`
  const others = Object.entries(beside).map(([key, text]) => [`traefik.http.middlewares.${key}`, text])
  const problem = routeProblem(label, value, OWN, { [label]: value, ...Object.fromEntries(others) })
  expect(problem === null).toBe(admitted)
})

test.each([
  'traefik.http',
  'TRAEFIK.x',
  ' traefik.http',
  'trae\ufb01k.http',
  'traefi\u212a.http',
  'traef\u0130k.http',
  'traefik[http]',
])('%j is for Traefik', (label) => {
  expect(isTraefikLabel(label)).toBe(true)
  if (label !== 'TRAEFIK.x' && label !== 'traefik.http') expect(judged(`${label}.routers.x.rule`, 'x')).not.toBeNull()
})

test.each(['backupbot.backup', 'traefik-forward-auth.x', 'coop-cloud.traefik.x', 'traefiks.http'])(
  '%j is not',
  (label) => expect(isTraefikLabel(label)).toBe(false),
)
