import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Gate } from '../../src/canaries/disturbances/gate.ts'
import { library } from '../../src/canaries/library.ts'
import { buildRepository } from '../../src/canaries/repository.ts'
import { EXIT } from '../../src/lib/errors.ts'
import { openWorkshop } from './cc-ci.ts'
import { leftOnEngine } from './started.ts'

/** What the looks at the disk and at the memory of an app ask for; every other call goes through. */
const LOOKS = {
  disk: /^POST \S*\/containers\/create\?name=\S+_ccci-disk\b/,
  memory: /^GET \S*\/containers\/\w+\/stats\?/,
}

test('a healthy app of which disk and memory were never seen is not called so, and the results say what was not seen', async () => {
  await using workshop = openWorkshop()
  const { dir } = await buildRepository(library({ released: false })('unseen'), join(workshop.dir, 'unseen'))
  const gate = new Gate()
  const path = join(workshop.dir, 'engine.sock')
  const asked = { disk: 0, memory: 0 }
  gate.instead = (line) => {
    const look = (['disk', 'memory'] as const).find((one) => LOOKS[one].test(line))
    if (look) asked[look] += 1
    return look ? '{}' : null
  }
  await gate.listen(path)
  try {
    const args = [dir, '--only', 'backup', '--no-repeat', '--run-memory', '1G']
    const { results, exitCode, stdout } = await workshop.test(args, { env: { DOCKER_HOST: `unix://${path}` } })
    expect(Math.min(asked.disk, asked.memory), stdout).toBeGreaterThan(1)
    expect(exitCode, stdout).toBe(EXIT.unverified)
    const install = results.tiers.find(({ id }) => id === 'install')
    expect(install).toMatchObject({ status: 'unverified', cause: { code: 'engine-lost', blame: 'infra' } })
    expect(install?.cause?.message).toMatch(/^the disk could not be watched .* none of \d+ looks succeeded/)
    const warned = results.findings.filter(({ severity }) => severity === 'warning').map(({ code }) => code)
    expect(warned).toEqual(expect.arrayContaining(['disk-unwatched', 'memory-unwatched']))
    expect(results.flags.cleanTeardown).toBe(true)
    expect(await leftOnEngine(workshop)).toEqual([])
  } finally {
    await gate.close()
  }
})
