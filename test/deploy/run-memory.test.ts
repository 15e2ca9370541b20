import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { NO_ADDITIONS } from '../../src/deploy/deployer.ts'
import { withLimits } from '../../src/deploy/native/limits.ts'
import { withMemoryVolumes } from '../../src/deploy/native/memory-volumes.ts'
import {
  limitOf,
  maxContainerBytes,
  memoryShare,
  type RunMemory,
  requestedMemory,
  runMemory,
} from '../../src/deploy/run-memory.ts'
import { MEMORY_LABEL } from '../../src/engine/convergence/out-of-memory.ts'
import { PROCESSES_LABEL } from '../../src/engine/convergence/out-of-processes.ts'
import type { ComposeModel, ComposeService } from '../../src/recipe/model.ts'

const MIB = 1024 ** 2
const GIB = 1024 ** 3

function model(services: Readonly<Record<string, ComposeService>>): ComposeModel {
  return { services, networks: {}, volumes: {}, secrets: {}, configs: {} }
}

const service = (limit: number | null, deploy: Readonly<Record<string, unknown>> = {}): ComposeService => ({
  image: 'x',
  deploy: { ...deploy, ...(limit === null ? {} : { resources: { limits: { memory: String(limit) } } }) },
})

const memory = (runBytes: number, machineBytes: number): RunMemory => ({ runBytes, machineBytes, from: 'a test' })

describe('what each container may have', () => {
  it.each([
    ['all of the run, where the machine bears it', [null, null, null], memory(2 * GIB, 18 * GIB), 2 * GIB],
    ['an equal share of the machine', [null, null, null], memory(18 * GIB, 18 * GIB), 6 * GIB],
    ['what services with a small limit leave', [256 * MIB, 256 * MIB, null], memory(4 * GIB, 4 * GIB), 3584 * MIB],
    ['no more than a limit that is too high leaves to others', [64 * GIB, null], memory(4 * GIB, 4 * GIB), 2 * GIB],
    ['what all have asked for, where that is less', [GIB, GIB], memory(4 * GIB, 4 * GIB), 4 * GIB],
  ])('%s', (_, limits, given, most) => {
    const services = Object.fromEntries(limits.map((limit, index) => [`s${index}`, service(limit)]))
    expect(maxContainerBytes(model(services), null, given)).toBe(most)
  })

  it('counts every container that there can be at a time', () => {
    const most = (deploy: Readonly<Record<string, unknown>>) =>
      maxContainerBytes(model({ app: service(null, deploy), db: service(null) }), null, memory(12 * GIB, 12 * GIB))
    expect(most({})).toBe(6 * GIB)
    expect(most({ replicas: 3 })).toBe(3 * GIB)
    expect(most({ replicas: 0 })).toBe(6 * GIB)
    expect(most({ update_config: { order: 'start-first' } })).toBe(4 * GIB)
    expect(most({ replicas: 2, update_config: { order: 'start-first', parallelism: 0 } })).toBe(2457 * MIB)
    expect(most({ mode: 'global', replicas: 9 })).toBe(6 * GIB)
  })

  it('counts those that may take their time to end: Swarm starts the next ones after a minute, or at once', () => {
    const most = (grace: string, deploy: Readonly<Record<string, unknown>>) => {
      const app = { ...service(null, deploy), stop_grace_period: grace }
      return maxContainerBytes(model({ app, db: service(null) }), null, memory(15 * GIB, 15 * GIB))
    }
    expect(most('1m', { replicas: 2 })).toBe(5 * GIB)
    expect(most('61s', { replicas: 2 })).toBe(3 * GIB)
    expect(most('10s', { replicas: 2, update_config: { order: 'start-first' } })).toBe(3840 * MIB)
    expect(most('1h', { replicas: 2, update_config: { order: 'start-first' } })).toBe(3 * GIB)
  })

  it('comes to no more than the machine bears, and to no more than the run has each, whatever the files ask for', () => {
    const wish = fc.record({
      limit: fc.option(fc.integer({ min: 1, max: 64 * 1024 }), { nil: null }),
      replicas: fc.integer({ min: 0, max: 20 }),
      order: fc.constantFrom('start-first', 'stop-first'),
      parallelism: fc.integer({ min: 0, max: 4 }),
    })
    const wishes = fc.array(wish, { minLength: 1, maxLength: 30 })
    const setting = fc.option(fc.integer({ min: 16, max: 65_536 }), { nil: null })
    const sizes = fc.tuple(fc.integer({ min: 512, max: 65_536 }), fc.integer({ min: 32 * 1024, max: 65_536 }))
    fc.assert(
      fc.property(wishes, setting, sizes, (all, set, [run, machine]) => {
        const services = all.map(({ limit, replicas, order, parallelism }) =>
          service(limit && limit * MIB, { replicas, update_config: { order, parallelism } }),
        )
        const settingBytes = set && set * MIB
        const given = memory(run * MIB, machine * MIB)
        const most = maxContainerBytes(
          model(Object.fromEntries(services.map((one, i) => [`s${i}`, one]))),
          settingBytes,
          given,
        )
        const limits = services.map((one) => {
          const want = requestedMemory(one, settingBytes)
          return { each: Number(limitOf(want, most).bytes), containers: want.containers }
        })
        expect(Math.max(...limits.map(({ each }) => each))).toBeLessThanOrEqual(given.runBytes)
        const together = limits.reduce((sum, { each, containers }) => sum + each * containers, 0)
        expect(together).toBeLessThanOrEqual(given.machineBytes)
      }),
    )
  })

  it('is never less than a program needs to start', () => {
    expect(maxContainerBytes(model({ app: service(null, { replicas: 5000 }) }), null, memory(GIB, GIB))).toBe(16 * MIB)
  })
})

describe('a volume in memory', () => {
  const inMemory = (o: string | null, name?: string) => ({
    ...model({ app: { ...service(null, { replicas: 2 }), volumes: [{ type: 'volume', source: 'm', target: '/m' }] } }),
    volumes: {
      m: { ...(name ? { name } : {}), driver_opts: { type: 'tmpfs', device: 'tmpfs', ...(o === null ? {} : { o }) } },
      data: {},
    },
  })

  it.each([
    ['counts like a container', null, undefined, 3],
    ['is counted whole where it asks for a part of the machine', 'size=50%', undefined, 3],
    ['is counted whole where its size is none', 'size=0', undefined, 3],
    ['is counted by the last size', 'size=1m,size=8g', undefined, 3],
    ['counts for each task that has its own', null, 'app_{{.Task.ID}}', 4],
  ] as const)('%s', (_, o, name, parts) => {
    expect(maxContainerBytes(inMemory(o, name), null, memory(12 * GIB, 12 * GIB))).toBe((12 * GIB) / parts)
  })

  it('that asks for little leaves the rest', () => {
    expect(maxContainerBytes(inMemory('uid=5,size=64m,mode=700'), null, memory(4 * GIB, 4 * GIB))).toBe(2016 * MIB)
  })

  it.each([
    [null, `size=${GIB},nr_inodes=${GIB / 4096}`],
    ['uid=5,size=64m,mode=700', `uid=5,mode=700,size=${64 * MIB},nr_inodes=${(64 * MIB) / 4096}`],
    ['size=8g,nr_inodes=100', `size=${GIB},nr_inodes=100`],
    ['size=8g,nr_inodes=0', `size=${GIB},nr_inodes=${GIB / 4096}`],
    ['size=8g,nr_inodes=9g', `size=${GIB},nr_inodes=${GIB / 4096}`],
    ['size=90%', `size=${GIB},nr_inodes=${GIB / 4096}`],
  ])('that asks for %s gets %s', (o, given) => {
    const volumes = withMemoryVolumes(inMemory(o), GIB, [])
    expect(volumes.m?.driver_opts).toEqual({ type: 'tmpfs', device: 'tmpfs', o: given })
    expect(volumes.data).toEqual({})
  })

  it('stays as it is where nothing bounds the run', () => {
    expect(withMemoryVolumes(inMemory(null), null, []).m?.driver_opts).toEqual({ type: 'tmpfs', device: 'tmpfs' })
  })
})

it('a run has three quarters of the machine, or what it is given; several apps share the machine', () => {
  expect(runMemory(undefined, 8 * GIB)).toMatchObject({ runBytes: 6 * GIB, machineBytes: 6 * GIB })
  const given = runMemory({ bytes: GIB, from: '--run-memory' }, 8 * GIB)
  expect(given).toEqual({ runBytes: GIB, machineBytes: 6 * GIB, from: '--run-memory' })
  expect(memoryShare(given, 3)).toEqual({ ...given, machineBytes: 2 * GIB })
})

describe('the limit that a service is deployed with says whose it is', () => {
  const run = { runBytes: 2 * GIB, mostBytes: GIB, mostProcesses: 500 }
  it.each([
    ['its own', service(512 * MIB), null, 512 * MIB, undefined, null],
    ['none', service(null), null, GIB, String(2 * GIB), 'at most 1 GiB of memory (run memory)'],
    ['none, by zero', service(0), null, GIB, String(2 * GIB), 'at most 1 GiB of memory (run memory)'],
    ['too high', service(4 * GIB), null, GIB, String(2 * GIB), 'at most 1 GiB of memory instead of 4 GiB (run memory)'],
    ['the settings’', service(null), 256 * MIB, 256 * MIB, 'setting', 'at most 256 MiB of memory (resources.memory)'],
    ['its own over the settings’', service(512 * MIB), 256 * MIB, 512 * MIB, undefined, null],
  ] as const)('%s', (_, given, memoryBytes, bytes, label, reported) => {
    const lying = { ...given, deploy: { ...given.deploy, labels: { [MEMORY_LABEL]: 'setting', a: 'b' } } }
    const accommodations: string[] = []
    const release = { added: { ...NO_ADDITIONS, memoryBytes, run } } as Parameters<typeof withLimits>[2]
    const { deploy } = withLimits('app', lying, release, accommodations)
    expect(deploy).toMatchObject({ resources: { limits: { memory: String(bytes), pids: 500 } } })
    expect(deploy?.labels).toEqual({
      a: 'b',
      [PROCESSES_LABEL]: '500',
      ...(label === undefined ? {} : { [MEMORY_LABEL]: label }),
    })
    expect(accommodations.filter((line) => line.includes('memory'))).toEqual(
      reported === null ? [] : [`service app: ${reported}`],
    )
  })
})
