import { lookup } from 'node:dns/promises'
import { networkInterfaces } from 'node:os'
import { InfraError } from '../lib/errors.ts'
import { dockerContext } from './docker-context.ts'

const DEFAULT = 'unix:///var/run/docker.sock'

/** Where the engine is, which the docker CLI gets too, so that both talk to the same one: DOCKER_HOST, else the endpoint of the CLI's context. */
export function engineHost(): string {
  return process.env.DOCKER_HOST || dockerContext()?.host || DEFAULT
}

/** The engine's socket on this machine; null: it is reached by TCP or ssh. */
export function engineSocket(host = engineHost()): string | null {
  return /^unix:\/\/(.*)$/.exec(host)?.[1] ?? null
}

/** What the edge and the sandbox's gate get as the engine's socket. An engine that is reached by TCP is taken to have it at the usual place. */
export function mountedSocket(): string {
  return engineSocket() ?? DEFAULT.slice('unix://'.length)
}

/** Whether the engine is behind an address of this machine. By ssh it never is: nothing here speaks to one so. */
export async function hasOwnAddress(host = engineHost()): Promise<boolean> {
  if (engineSocket(host) !== null) return true
  const [, bracketed, plain] = /^(?:tcp|https?):\/\/(?:\[([^\]]+)\]|([^:/]+))/.exec(host) ?? []
  const name = bracketed ?? plain
  return name !== undefined && (await isOwnAddress(name))
}

/**
 * The edge is asked on loopback, files of volumes and logs are read where they lie, and memory and disk are judged by what this machine has: the engine of another
 * one is refused before anything is made there.
 */
export function engineElsewhere(): InfraError {
  const context = process.env.DOCKER_HOST ? null : dockerContext()
  const from = context ? ` (docker context "${context.name}")` : ''
  return new InfraError('engine-elsewhere', `the engine at ${engineHost()}${from} is not on this machine`, {
    hint: 'Run cc-ci on the machine of the engine, or make that machine a worker of a server. An engine of this machine may be used by its socket, or by TCP with or without TLS, named by DOCKER_HOST; by ssh none.',
  })
}

async function isOwnAddress(name: string): Promise<boolean> {
  const own = new Set(Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address)))
  const found = await lookup(name, { all: true }).catch(() => [])
  return found.some(({ address }) => address.startsWith('127.') || own.has(address))
}

/** By what GET /info says of security. */
export function isRootless(securityOptions: readonly string[]): boolean {
  return securityOptions.some((option) => option.split(',').includes('name=rootless'))
}

/** Source: Docker documentation, rootless mode, known limitations. */
export function engineRootless(): InfraError {
  return new InfraError('engine-rootless', `the engine at ${engineHost()} runs in rootless mode`, {
    hint: 'A stack needs overlay networks, which a rootless engine does not have. Set DOCKER_HOST to an engine that root started.',
  })
}
