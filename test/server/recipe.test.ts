import { cp, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { ccCiServer, earlierCcCiServer } from '../../fixtures/images/cc-ci.ts'
import { buildRepository } from '../../src/canaries/repository.ts'
import { ImageBuilder } from '../../src/images/builder.ts'
import { toolVersion } from '../../src/lib/version.ts'
import { openWorkshop } from '../cli/cc-ci.ts'
import { tierOf } from '../cli/tinkered.ts'

const SHIPPED = join(import.meta.dirname, '..', '..', 'recipe')
const EARLIER = '0.0.9'

test('the recipe of cc-ci lives its whole life, judged by cc-ci', { timeout: 900_000 }, async () => {
  const builder = new ImageBuilder(() => {})
  await builder.ensure(ccCiServer())
  await builder.ensure(earlierCcCiServer(EARLIER))
  await using workshop = openWorkshop()
  const { dir } = await buildRepository(
    [
      { version: `0.0.1+${EARLIER}`, message: '', write: earlier },
      {
        version: null,
        message: 'feat: the recipe as it is shipped',
        write: (to) => cp(SHIPPED, to, { recursive: true }),
      },
    ],
    join(workshop.dir, 'cc-ci'),
  )
  const { results, exitCode, stdout } = await workshop.test([dir, '--approve-code'])
  expect(exitCode, stdout).toBe(0)
  expect(results).toMatchObject({ verdict: 'pass', level: 6, leaks: [] })
  for (const tier of ['lint', 'install', 'upgrade', 'backup', 'restore', 'functional', 'resilience', 'teardown'])
    expect(tierOf(results, tier), stdout).toMatchObject({ id: tier, status: 'pass' })
  const passed = (tier: string) => tierOf(results, tier).tests.filter(({ status }) => status === 'passed').length
  expect(['upgrade', 'restore', 'functional'].map(passed)).toEqual([2, 2, 5])
})

/** The shipped recipe as if it had been released once before, with the image of then. */
async function earlier(to: string): Promise<void> {
  await cp(SHIPPED, to, { recursive: true })
  const file = join(to, 'compose.yml')
  const text = await readFile(file, 'utf8')
  const version = toolVersion()
  const old = text
    .replace(`image: cc-ci/server:${version}`, `image: cc-ci/server:${EARLIER}`)
    .replace(/version=[\d.]+\+[\d.]+"/, `version=0.0.1+${EARLIER}"`)
  if (!old.includes(`cc-ci/server:${EARLIER}`) || !old.includes(`version=0.0.1+${EARLIER}`))
    throw new Error(`recipe/compose.yml names no image cc-ci/server:${version}, or no version`)
  await writeFile(file, old)
}
