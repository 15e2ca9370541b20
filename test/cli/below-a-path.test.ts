import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { all, label } from '../../src/canaries/changes.ts'
import { buildRepository } from '../../src/canaries/repository.ts'
import { tinyRecipe } from '../../src/canaries/tiny.ts'
import { openWorkshop, type Workshop } from './cc-ci.ts'
import { type Files, tierOf } from './tinkered.ts'

const ROUTER = 'traefik.http.routers.${STACK_NAME}'
const BELOW = 'Host(`${DOMAIN}`) && PathPrefix(`/ledger`)'

/** The tiny recipe with its page at `/ledger` alone; it is released nowhere, and its settings are the defaults unless `files` say otherwise. */
async function ledger(workshop: Workshop, { rule = BELOW, files = {} }: { rule?: string; files?: Files } = {}) {
  const compose = all(
    label(`${ROUTER}.rule`, rule),
    label(`${ROUTER}.middlewares`, '${STACK_NAME}-strip'),
    label('traefik.http.middlewares.${STACK_NAME}-strip.stripprefix.prefixes', '/ledger'),
  )
  const head = { compose, files: { 'cc-ci/cc-ci.yml': '', ...files } }
  const steps = tinyRecipe({ name: 'ledger', base: null, head })
  return (await buildRepository(steps, join(workshop.dir, `ledger-${Math.random().toString(36).slice(2)}`))).dir
}

describe('an app that is routed below a path only', () => {
  it('is asked there, by plan, unless health.path says otherwise', async () => {
    await using workshop = openWorkshop()
    const planned = async (options: Parameters<typeof ledger>[1]) =>
      JSON.parse((await workshop.run(['plan', await ledger(workshop, options), '--json'])).stdout)
    expect((await planned({})).http).toEqual({ kind: 'routed', path: '/ledger' })
    expect((await planned({ rule: `${BELOW} || Host(\`\${DOMAIN}\`)` })).http.path).toBe('/')
    const settings = { 'cc-ci/cc-ci.yml': 'health: {path: /ledger/ok.txt}\n' }
    expect((await planned({ files: settings })).http.path).toBe('/ledger/ok.txt')
    const text = await workshop.run(['plan', await ledger(workshop)])
    expect(text.stdout).toContain('http      app by Host(`DOMAIN`) && PathPrefix(`/ledger`); asked at DOMAIN/ledger\n')
  })

  it('is installed, pictured and tested there', async () => {
    await using workshop = openWorkshop()
    const dir = await ledger(workshop, {
      files: {
        'cc-ci/tests/custom/front.spec.ts': `import { expect, test } from 'cc-ci/test'
test('its settings say where it is', async ({ request, config }) => {
  const { path } = config.health as { path: string }
  expect(await (await request.get(path)).text()).toContain('A tiny app')
})
`,
      },
    })
    const { results, exitCode, stdout } = await workshop.test([dir, '--only', 'install,functional', '--approve-code'])
    expect(exitCode, stdout).toBe(0)
    const { evidence } = tierOf(results, 'install')
    const at = expect.stringMatching(/^https:\/\/[^/]+\/ledger$/) as unknown
    expect(evidence.find(({ kind }) => kind === 'http')).toMatchObject({ url: at, status: 200 })
    expect(evidence.find(({ kind }) => kind === 'page')).toMatchObject({ url: at, title: 'Tiny', status: 200 })
    expect(tierOf(results, 'functional').tests).toMatchObject([{ status: 'passed' }])
    expect(results.leaks).toEqual([])
  })
})
