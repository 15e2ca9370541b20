import { expect, it } from 'vitest'
import { newRunId } from '../../../src/lib/ids.ts'
import { openWorkshop } from '../../cli/cc-ci.ts'
import { HEADER } from '../../verdict/passing-stream.ts'
import { keep, results } from '../some-runs.ts'

const MINUTE = 60_000

it('is what a plan has where the recipe was slow before, with where it comes from, and nothing where it was not', async () => {
  await using workshop = openWorkshop()
  const recipe = await workshop.recipe('healthy')
  const plan = async () => (await workshop.run(['plan', recipe])).stdout
  expect(await plan()).toContain('deploy    at most 10 min 00 s without progress (the default)\n')
  for (const days of [1, 2, 3]) {
    const id = newRunId(Date.now() - days * 86_400_000)
    const made = results({ id, header: { recipe: { ...HEADER.recipe, name: 'healthy' } } })
    const tiers = made.tiers.map((tier) => (tier.id === 'upgrade' ? { ...tier, convergedMs: 8 * MINUTE } : tier))
    keep(workshop.state, { ...made, tiers })
  }
  expect(await plan()).toContain(
    'deploy    at most 16 min 00 s without progress (3 earlier runs took up to 8 min 00 s (p95); the default would be 10 min 00 s); usually 8 min 00 s (3 runs)\n',
  )
  const json = JSON.parse((await workshop.run(['plan', recipe, '--json'])).stdout)
  expect(json).toMatchObject({
    deadlines: { deploy: { ms: 16 * MINUTE, source: 'memory' } },
    expected: { runs: 3, deploy: { p50Ms: 8 * MINUTE, p95Ms: 8 * MINUTE, runs: 3 } },
  })
})
