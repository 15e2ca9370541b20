import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import type { Canary } from '../../src/canaries/canary.ts'
import { canarySteps } from '../../src/canaries/canary-recipe.ts'
import { BACKUP } from '../../src/canaries/set/backup.ts'
import { CUSTOM } from '../../src/canaries/set/custom.ts'
import { HEALTHY } from '../../src/canaries/set/healthy.ts'
import { CANARIES } from '../../src/canaries/set/index.ts'
import { INSTALL } from '../../src/canaries/set/install.ts'
import { MACHINE } from '../../src/canaries/set/machine.ts'
import { PAGES } from '../../src/canaries/set/pages.ts'
import { RESILIENCE } from '../../src/canaries/set/resilience.ts'
import { UPGRADE } from '../../src/canaries/set/upgrade.ts'
import { SHAPES, type ShapeId, shapeOf } from '../../src/canaries/shapes.ts'

const IDS = Object.keys(SHAPES) as ShapeId[]
const healthy = HEALTHY.healthy as Canary

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'cc-ci-shapes-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

async function files(canary: Canary) {
  await canarySteps('any', canary).at(-1)?.write(dir)
  const read = (file: string) => readFileSync(join(dir, file), 'utf8')
  return { compose: parse(read('compose.yml')), serve: read('serve.sh') }
}

describe('the shapes of canaries', () => {
  it('are six at least, and each fault class meets several', () => {
    expect(IDS.length).toBeGreaterThanOrEqual(6)
    const classes = { HEALTHY, INSTALL, PAGES, UPGRADE, BACKUP, CUSTOM, RESILIENCE, MACHINE }
    for (const [name, canaries] of Object.entries(classes)) {
      const shapes = new Set(Object.entries(canaries).map(([canary, { shape }]) => shape ?? shapeOf(canary)))
      expect(shapes.size, name).toBeGreaterThanOrEqual(3)
    }
  })

  it('are each that of some canary of every test run, and each of a healthy one', () => {
    const shapes = (wanted: (canary: Canary) => boolean) =>
      Object.entries(CANARIES).flatMap(([name, canary]) =>
        canary.recipe || !wanted(canary) ? [] : [canary.shape ?? shapeOf(name)],
      )
    expect(new Set(shapes(({ fast }) => fast !== undefined))).toEqual(new Set(IDS))
    expect(new Set(shapes(({ expect: { verdict } }) => verdict === 'pass'))).toEqual(new Set(IDS))
  })

  it('do not change with the day', () => {
    expect(['crash-loop', 'rolled-back', 'wrong-port'].map(shapeOf)).toEqual(['front', 'database', 'writes-nothing'])
  })

  it('is a read-only root where nothing may be written to it', async () => {
    const { compose, serve } = await files({ ...healthy, shape: 'writes-nothing' })
    expect(compose.services.app).toMatchObject({
      read_only: true,
      volumes: ['data:/data', { type: 'tmpfs', target: '/tmp' }],
    })
    expect(serve).toContain('mkdir -p /tmp/www')
    expect(serve).not.toMatch(/[ "']\/www/)
  })

  it('is a web server of its own, which has the route of the app and what is wrong with it', async () => {
    const route = 'traefik.http.services.${STACK_NAME}.loadbalancer.server.port'
    const both: Canary['both'] = {
      compose({ services }) {
        services.app.deploy.labels[route] = '8081'
      },
    }
    const { front, app } = (await files({ ...healthy, shape: 'front', both })).compose.services
    expect(front.deploy.labels).toContain(`${route}=8081`)
    expect(app.deploy.labels.join()).not.toContain('traefik.')
    expect(app.deploy.labels.join()).toContain('backupbot.backup')
    expect([front.networks, app.networks]).toEqual([['proxy', 'inner'], ['inner']])
  })
})

it('the settings of a canary are the defaults, but for what it is about', async () => {
  const set: string[] = []
  for (const [name, canary] of Object.entries(CANARIES)) {
    const own = [canary.base, canary.head, canary.both].map((tweak) => tweak?.files?.['cc-ci/cc-ci.yml'] ?? '')
    if (/^(timeouts|resilience):/m.test(own.join('\n'))) set.push(name)
    expect(canary.args ?? [], name).not.toContain('--no-repeat')
  }
  expect(set).toEqual(['never-up'])
})
