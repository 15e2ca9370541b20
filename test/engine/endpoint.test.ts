// cspell:ignore seccomp
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, onTestFinished, test, vi } from 'vitest'
import { connectToManager } from '../../src/engine/connect.ts'
import { dockerContext } from '../../src/engine/docker-context.ts'
import { engineHost, hasOwnAddress, mountedSocket } from '../../src/engine/endpoint.ts'

afterEach(() => vi.unstubAllEnvs())

/** A folder of settings of the docker CLI in which this context is the current one. */
function dockerConfig(name: string, host: string): string {
  const dir = mkdtempSync(join(tmpdir(), 'cc-ci-docker-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  writeFileSync(join(dir, 'config.json'), JSON.stringify({ auths: {}, currentContext: name }))
  const meta = join(dir, 'contexts', 'meta', createHash('sha256').update(name).digest('hex'))
  mkdirSync(meta, { recursive: true })
  const endpoint = { docker: { Host: host, SkipTLSVerify: false } }
  writeFileSync(join(meta, 'meta.json'), JSON.stringify({ Name: name, Metadata: {}, Endpoints: endpoint }))
  return dir
}

function useContext(name: string, host: string): void {
  vi.stubEnv('DOCKER_HOST', '')
  vi.stubEnv('DOCKER_CONTEXT', '')
  vi.stubEnv('DOCKER_CONFIG', dockerConfig(name, host))
}

test('the engine is that of DOCKER_HOST, else of the current context of the docker CLI, else the usual socket', () => {
  useContext('other', 'unix:///run/other.sock')
  expect([engineHost(), mountedSocket()]).toEqual(['unix:///run/other.sock', '/run/other.sock'])
  vi.stubEnv('DOCKER_CONTEXT', 'default')
  expect(engineHost()).toBe('unix:///var/run/docker.sock')
  vi.stubEnv('DOCKER_CONTEXT', 'never-made')
  expect(dockerContext()).toBeNull()
  vi.stubEnv('DOCKER_HOST', 'tcp://localhost:2375')
  expect([engineHost(), mountedSocket()]).toEqual(['tcp://localhost:2375', '/var/run/docker.sock'])
})

test.each([
  ['unix:///any.sock', true],
  ['tcp://127.0.0.1:2375', true],
  ['tcp://localhost:2376', true],
  ['tcp://[::1]:2375', true],
  ['tcp://192.0.2.1:2375', false],
  ['tcp://[2001:db8::1]:2375', false],
  ['ssh://root@127.0.0.1', false],
  ['npipe:////./pipe/docker_engine', false],
  ['nonsense', false],
])('%s is an engine of this machine: %s', async (host, here) => {
  expect(await hasOwnAddress(host)).toBe(here)
})

test('an engine behind ssh, or behind a context that is no socket, is refused before it is asked', async () => {
  vi.stubEnv('DOCKER_HOST', 'ssh://root@127.0.0.1')
  await expect(connectToManager()).rejects.toMatchObject({ code: 'engine-elsewhere', blame: 'infra', exitCode: 2 })
  useContext('far', 'tcp://192.0.2.1:2376')
  await expect(connectToManager()).rejects.toThrow(
    'the engine at tcp://192.0.2.1:2376 (docker context "far") is not on this machine',
  )
})

/** What GET /info of an engine says, on loopback, and nothing else. */
async function saying(info: object): Promise<string> {
  const server = createServer(({ url }, response) =>
    response.end(url?.startsWith('/info') ? JSON.stringify(info) : 'OK'),
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => new Promise<void>((resolve) => void server.close(() => resolve())))
  return `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`
}

test('an engine in rootless mode is refused: it has no overlay networks', async () => {
  const Swarm = { LocalNodeState: 'active', ControlAvailable: true }
  const SecurityOptions = ['name=seccomp,profile=builtin', 'name=rootless', 'name=cgroupns']
  vi.stubEnv('DOCKER_HOST', await saying({ Swarm, SecurityOptions }))
  await expect(connectToManager()).rejects.toMatchObject({ code: 'engine-rootless' })
  vi.stubEnv('DOCKER_HOST', await saying({ Swarm, SecurityOptions: ['name=seccomp,profile=rootless'] }))
  await expect(connectToManager()).resolves.toBeDefined()
})
