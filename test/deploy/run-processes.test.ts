import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { NO_ADDITIONS } from '../../src/deploy/deployer.ts'
import { withLimits } from '../../src/deploy/native/limits.ts'
import { machineProcesses, mostProcesses } from '../../src/deploy/run-processes.ts'
import { PROCESSES_LABEL, processLimitReached } from '../../src/engine/convergence/out-of-processes.ts'
import type { ComposeModel, ComposeService } from '../../src/recipe/model.ts'

const service = (pids: number | null, replicas = 1): ComposeService => ({
  image: 'x',
  deploy: { replicas, ...(pids === null ? {} : { resources: { limits: { pids } } }) },
})

function model(services: readonly ComposeService[]): ComposeModel {
  const named = Object.fromEntries(services.map((one, i) => [`s${i}`, one]))
  return { services: named, networks: {}, volumes: {}, secrets: {}, configs: {} }
}

describe('what each container may have', () => {
  it.each([
    ['what the setting says', [null, null], 2048, 8192, 2048],
    [
      'a share of the machine, where there are many',
      [null, null, null, null, null, null, null, null],
      2048,
      8192,
      1024,
    ],
    ['what services with a small limit leave', [100, 100, null, null], 8192, 8192, 3996],
    ['no more where one asks for more', [100_000, null], 2048, 8192, 2048],
    ['what zero means, which is no limit', [0, null], 8192, 8192, 4096],
    ['never less than a server needs', Array<number | null>(60).fill(null), 2048, 1000, 64],
  ])('%s', (_, limits, setting, together, most) => {
    expect(mostProcesses(model(limits.map((limit) => service(limit))), setting, together)).toBe(most)
  })

  it('comes to no more than all may have together', () => {
    const wish = fc.record({
      pids: fc.option(fc.integer({ min: 1, max: 100_000 }), { nil: null }),
      replicas: fc.integer({ min: 1, max: 4 }),
    })
    fc.assert(
      fc.property(
        fc.array(wish, { minLength: 1, maxLength: 20 }),
        fc.integer({ min: 64, max: 20_000 }),
        (all, setting) => {
          const most = mostProcesses(model(all.map(({ pids, replicas }) => service(pids, replicas))), setting, 8192)
          const sum = all.reduce((total, { pids, replicas }) => total + Math.min(most, pids ?? most) * replicas, 0)
          expect(sum).toBeLessThanOrEqual(8192)
          expect(most).toBeLessThanOrEqual(setting)
        },
      ),
    )
  })
})

it('all of them together have a quarter of what the kernel can number', () => {
  expect(machineProcesses(32_768)).toBe(8192)
  expect(machineProcesses()).toBeGreaterThanOrEqual(1000)
})

describe('the limit that a service is deployed with says whose it is', () => {
  it.each([
    ['none', null, 500, '500'],
    ['too high', 501, 500, '500'],
    ['its own', 500, 500, undefined],
  ] as const)('%s', (_, pids, most, label) => {
    const given = service(pids)
    const lying = { ...given, deploy: { ...given.deploy, labels: { [PROCESSES_LABEL]: '1' } } }
    const accommodations: string[] = []
    const run = { runBytes: 1e9, mostBytes: 1e9, mostProcesses: 500 }
    const release = { added: { ...NO_ADDITIONS, run } } as Parameters<typeof withLimits>[2]
    const { deploy } = withLimits('app', lying, release, accommodations)
    expect(deploy).toMatchObject({ resources: { limits: { pids: most } } })
    expect(deploy?.labels?.[PROCESSES_LABEL]).toBe(label)
    expect(accommodations.includes('service app: at most 500 processes')).toBe(label !== undefined)
    const labels = Object.fromEntries(Object.entries(deploy?.labels ?? {}).map(([key, value]) => [key, String(value)]))
    expect(processLimitReached({ service: 'app', labels })?.code).toBe(label && 'run-processes')
  })
})
