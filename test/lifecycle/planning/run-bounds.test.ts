import { expect, test } from 'vitest'
import type { Release } from '../../../src/deploy/deployer.ts'
import type { RunMemory } from '../../../src/deploy/run-memory.ts'
import { memoryFindings, memoryLimits, withBounds } from '../../../src/lifecycle/planning/run-bounds.ts'
import { compose, releaseOf } from '../releases.ts'

const MIB = 1024 ** 2
const RUN: RunMemory = { runBytes: 300 * MIB, machineBytes: 400 * MIB, from: 'a test' }
const GIVEN = { memory: RUN, processes: { together: 8000 } }

/** An app and so many services beside it, none of them with a limit. */
const beside = (count: number) =>
  releaseOf({
    'compose.yml': compose({ more: Array.from({ length: count }, (_, i) => `  s${i}: {image: "x:1"}\n`).join('') }),
  })

const boundsOf = (release: Release | null | undefined) => {
  const { mostBytes, mostProcesses } = release?.added.run ?? {}
  return [mostBytes, mostProcesses]
}

test('one bound holds for all versions of a run, the least of them', async () => {
  const [head, base, via] = await Promise.all([0, 3, 7].map(beside))
  const releases = {
    ...{ head, upgrade: head },
    base: { kind: 'base', release: base, via: [{ release: via }] },
  } as unknown as Parameters<typeof withBounds>[0]
  const found = withBounds(releases, GIVEN)
  // Eight containers of the version on the way.
  expect(found.memory).toEqual({ ...RUN, mostBytes: 50 * MIB })
  expect(found.processes).toEqual({ together: 8000, most: 1000 })
  const { base: chosen } = found as unknown as { base: { release: Release; via: { release: Release }[] } }
  expect([found.head, found.upgrade, chosen.release, chosen.via[0]?.release].map(boundsOf)).toEqual(
    Array(4).fill([50 * MIB, 1000]),
  )
  const less = { memory: { ...RUN, mostBytes: 20 * MIB }, processes: { together: 8000, most: 100 } }
  const never = withBounds(releases, GIVEN, less)
  expect([never.memory.mostBytes, never.processes.most]).toEqual([20 * MIB, 100])
})

test('a limit that is lowered is told, with whose it is and what to raise; one that fits is not', async () => {
  const reported = async (memory: string) => {
    const limits = `      resources: {limits: {memory: ${memory}}}\n`
    const head = await releaseOf({ 'compose.yml': compose({ more: limits }) })
    const within = withBounds({ head, upgrade: null, base: { kind: 'none' } as never }, GIVEN).head
    return { limits: memoryLimits(within), findings: memoryFindings(within, RUN) }
  }
  const fits = await reported('300M')
  expect(fits.findings).toEqual([])
  expect(fits.limits).toEqual([{ service: 'app', bytes: 300 * MIB, by: 'recipe', asked: 300 * MIB }])
  const lowered = await reported('4G')
  expect(lowered.limits).toEqual([{ service: 'app', bytes: 300 * MIB, by: 'run', asked: 4096 * MIB }])
  expect(lowered.findings.map(({ code, severity }) => [code, severity])).toEqual([['memory-lowered', 'info']])
  expect(lowered.findings[0]?.message).toMatch(/^app may have 300 MiB of memory here, not the 4 GiB .* \(a test\)/)
})
