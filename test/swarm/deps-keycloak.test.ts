import { afterAll, beforeAll, expect, test } from 'vitest'
import { loginAsAdmin } from '../../src/deps/keycloak/admin.ts'
import { keycloak } from '../../src/deps/keycloak/index.ts'
import { adminPassword, KEYCLOAK_SERVICE } from '../../src/deps/keycloak/service.ts'
import type { ProviderHost } from '../../src/deps/provider.ts'
import { docker } from '../../src/engine/docker-cli.ts'
import { ImageBuilder } from '../../src/images/builder.ts'
import { smtpSinkImage } from '../../src/images/smtp-sink.ts'
import { keycloakTurn } from './support/keycloak-turn.ts'
import { providerHost, providerRun } from './support/provider-host.ts'

const lines: string[] = []
let host: ProviderHost
let endTurn = () => {}
beforeAll(async () => {
  endTurn = await keycloakTurn()
  host = await providerHost((line) => lines.push(line))
  await keycloak.ensure(host)
}, 900_000)
afterAll(async () => {
  await keycloak.remove(host.engine)
  endTurn()
}, 120_000)

/** A container on `proxy`, as an app would: it trusts the authority it was given and nothing else. */
async function logInFromContainer(credentials: Readonly<Record<string, string>>, authority: string): Promise<string> {
  const script = `
import json, os, ssl, urllib.parse, urllib.request
trust = ssl.create_default_context(cadata=os.environ['CA'])
def ask(url, form=None, headers={}):
  body = urllib.parse.urlencode(form).encode() if form else None
  return json.load(urllib.request.urlopen(urllib.request.Request(url, body, headers), context=trust, timeout=20))
c = json.loads(os.environ['CREDENTIALS'])
found = ask(c['discoveryUrl'])
assert found['issuer'] == c['issuer'] and found['authorization_endpoint'] == c['authUrl']
form = {'grant_type': 'password', 'scope': 'openid', 'client_id': c['clientId'], 'client_secret': c['clientSecret'], 'username': c['username'], 'password': c['password']}
token = ask(c['tokenUrl'], form)['access_token']
print(ask(c['userinfoUrl'], None, {'authorization': 'Bearer ' + token})['email'])`
  const env = ['--env', `CA=${authority}`, '--env', `CREDENTIALS=${JSON.stringify(credentials)}`]
  const run = ['run', '--rm', '--network', 'proxy', ...env, 'cc-ci/smtp-sink:1', 'python3', '-c', script]
  return (await docker(run, { timeoutMs: 60_000 })).stdout.trim()
}

beforeAll(() => new ImageBuilder(() => {}).ensure(smtpSinkImage()), 300_000)

test('an app in a container logs the user in under the same address as a browser, over a certificate that verifies', async () => {
  const { credentials, authority, reach, release } = await keycloak.provide(host, providerRun())
  try {
    expect(reach).toEqual({ stack: KEYCLOAK_SERVICE, domain: credentials.domain })
    expect(await logInFromContainer(credentials, authority ?? '')).toBe(credentials.email)
  } finally {
    await release()
  }
})

test('a realm that somebody else made is left alone', async () => {
  const admin = await loginAsAdmin(host)
  await admin?.call('POST', '', { body: { realm: 'cc-ci-theirs', enabled: true } })
  try {
    expect(await keycloak.sweep(host)).toEqual([])
    expect(await admin?.call('GET', '/cc-ci-theirs')).toMatchObject({ realm: 'cc-ci-theirs' })
  } finally {
    await admin?.call('DELETE', '/cc-ci-theirs')
  }
})

test('a run that asks again has a realm with other secrets: an attempt that was given up may have made the first', async () => {
  const run = providerRun()
  const first = await keycloak.provide(host, run)
  try {
    const { credentials, authority } = await keycloak.provide(host, run)
    expect(await logInFromContainer(credentials, authority ?? '')).toBe(credentials.email)
    await expect(logInFromContainer(first.credentials, authority ?? '')).rejects.toThrow('401')
  } finally {
    await first.release()
  }
})

test('is made again for another image, and stays as it is for the same', async () => {
  const id = async () => (await host.engine.service(KEYCLOAK_SERVICE))?.id
  const before = await id()
  process.env.CC_CI_KEYCLOAK_IMAGE = 'cc-ci/keycloak:26.7.3'
  try {
    await keycloak.ensure(host)
    const after = await id()
    expect(after).not.toBe(before)
    await keycloak.ensure(host)
    expect(await id()).toBe(after)
  } finally {
    delete process.env.CC_CI_KEYCLOAK_IMAGE
  }
})

test('an image that cannot be had is told at once; while it is not up there is nothing to release or sweep', async () => {
  process.env.CC_CI_KEYCLOAK_IMAGE = 'cc-ci/keycloak:no-such'
  try {
    await expect(keycloak.ensure(host)).rejects.toMatchObject({ code: 'dep-not-up', blame: 'infra' })
    await keycloak.release(host, providerRun())
    expect(await keycloak.sweep(host)).toEqual([])
    await expect(keycloak.provide(host, providerRun())).rejects.toMatchObject({ code: 'dep-not-up' })
  } finally {
    delete process.env.CC_CI_KEYCLOAK_IMAGE
  }
})

test('the password of the administrator is in no line that was logged and in no credential', async () => {
  const password = await adminPassword(host.engine)
  expect(password).toMatch(/^[\w-]{32}$/)
  expect(lines.join('\n')).not.toContain(password)
})

test('a service of somebody else under its name is not touched', async () => {
  await keycloak.remove(host.engine)
  const theirs = ['service', 'create', '--detach', '--name', KEYCLOAK_SERVICE, '--no-resolve-image', '--replicas', '0']
  await docker([...theirs, 'cc-ci/toolbox:1', 'sleep', '600'])
  try {
    await expect(keycloak.ensure(host)).rejects.toMatchObject({ code: 'dep-foreign' })
    expect(await keycloak.remove(host.engine)).toBe(false)
    await expect(keycloak.provide(host, providerRun())).rejects.toMatchObject({ code: 'dep-not-up' })
  } finally {
    await docker(['service', 'rm', KEYCLOAK_SERVICE])
  }
})
