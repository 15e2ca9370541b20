import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { CanonicalManifest } from '../../../src/history/canonicals/contract.ts'
import { evictions } from '../../../src/history/canonicals/eviction.ts'
import type { CanonicalGeneration } from '../../../src/history/canonicals/folders.ts'

interface Drawn {
  readonly recipe: string | null
  readonly version: number
  readonly storedBytes: number
  readonly usedAt: number
}

function kept({ recipe, version, storedBytes, usedAt }: Drawn, index: number): CanonicalGeneration {
  const manifest =
    recipe === null ? null : { recipe: { name: recipe, origin: `/${recipe}` }, version: `${version}.0.0+1` }
  const home = `/canonicals/${recipe}/${version}`
  return {
    home,
    dir: `${home}/${index}`,
    runId: String(index),
    manifest: manifest as CanonicalManifest | null,
    storedBytes,
    usedAt,
  }
}

const drawn = fc.record({
  recipe: fc.constantFrom('a', 'b', null),
  version: fc.integer({ min: 1, max: 12 }),
  storedBytes: fc.integer({ min: 0, max: 100 }),
  usedAt: fc.integer({ min: 0, max: 5 }),
})
const total = (all: readonly CanonicalGeneration[]) => all.reduce((sum, { storedBytes }) => sum + storedBytes, 0)

describe('what has to go', () => {
  it('leaves what fits, spares what was just made, and goes no further than it must', () => {
    fc.assert(
      fc.property(fc.array(drawn), fc.nat(300), fc.nat(), (rows, bytes, index) => {
        const all = rows.map(kept)
        const spare = all.length > 0 ? all[index % all.length]?.dir : undefined
        const gone = evictions(all, { bytes, ...(spare ? { spare } : {}) })
        const left = all.filter((one) => !gone.includes(one))
        expect(gone.map(({ dir }) => dir)).not.toContain(spare)
        expect(total(left) <= bytes || left.every(({ dir }) => dir === spare)).toBe(true)
        // Without its last one it would not have been enough.
        if (gone.length > 0) expect(total(left) + (gone.at(-1)?.storedBytes ?? 0)).toBeGreaterThan(bytes)
      }),
    )
  })

  it('never takes the newest version of a recipe while an older one is there', () => {
    fc.assert(
      fc.property(fc.array(drawn), fc.nat(300), (rows, bytes) => {
        const all = rows.map(kept)
        const gone = evictions(all, { bytes })
        const left = all.filter((one) => !gone.includes(one))
        const versionOf = ({ home }: CanonicalGeneration) => Number(home.split('/').at(-1))
        const isOlder = (one: CanonicalGeneration) =>
          one.manifest !== null &&
          all.some((two) => two.manifest?.recipe.name === one.manifest?.recipe.name && versionOf(two) > versionOf(one))
        const newestGone = gone.some((one) => one.manifest !== null && !isOlder(one))
        if (newestGone) expect(left.filter(isOlder)).toEqual([])
        if (gone.some(({ manifest }) => manifest !== null)) expect(left.filter(({ manifest }) => !manifest)).toEqual([])
      }),
    )
  })

  it('takes what was not used for longest first', () => {
    const row = (recipe: string, usedAt: number) => ({ recipe, version: 1, storedBytes: 10, usedAt })
    const all = [row('a', 3), row('b', 1), row('c', 2)].map(kept)
    expect(evictions(all, { bytes: 10 }).map(({ usedAt }) => usedAt)).toEqual([1, 2])
  })

  it('orders versions as versions: 9 is older than 10', () => {
    const row = (version: number, usedAt: number) => ({ recipe: 'a', version, storedBytes: 10, usedAt })
    expect(evictions([row(10, 0), row(9, 5)].map(kept), { bytes: 10 }).map(({ usedAt }) => usedAt)).toEqual([5])
  })
})
