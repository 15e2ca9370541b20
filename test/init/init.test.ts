import { existsSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { loadSettings } from '../../src/config/load.ts'
import { scaffold } from '../../src/init/scaffold.ts'
import { openWorkshop } from '../cli/cc-ci.ts'
import { type Files, repository } from '../recipe/throwaway.ts'

const SETTINGS = 'cc-ci/cc-ci.yml'

function compose(app: string, rest = ''): Files {
  return { 'compose.yml': `version: "3.8"\nservices:\n  app:\n    image: x/app:1\n${app}${rest}`, '.env.sample': '' }
}

const ROUTED = `    deploy:
      labels:
        - "traefik.enable=true"
        - "traefik.http.routers.a.rule=Host(\`\${DOMAIN}\`)"
        - "traefik.http.services.a.loadbalancer.server.port=3000"
        - "coop-cloud.\${STACK_NAME}.timeout=1200"
`

async function files(recipe: Files): Promise<{ settings: string; spec: string; names: string[] }> {
  const { files } = await scaffold(await repository(recipe))
  const [settings = '', spec = ''] = files.values()
  return { settings, spec, names: [...files.keys()] }
}

/** The lines that are in force. */
function active(text: string): string[] {
  return text.split('\n').filter((line) => line.trim() !== '' && !line.trim().startsWith('#'))
}

describe('cc-ci init', () => {
  test('writes what cc-ci plan takes unchanged, once', async () => {
    await using workshop = openWorkshop()
    const recipe = await workshop.recipe('pocketbase')
    rmSync(join(recipe, 'cc-ci'), { recursive: true })
    const shown = await workshop.run(['init', '--dry-run'], { cwd: recipe })
    expect(shown.exitCode, shown.stderr).toBe(0)
    expect(existsSync(join(recipe, 'cc-ci'))).toBe(false)
    const done = await workshop.run(['init', recipe])
    expect(done.exitCode, done.stderr).toBe(0)
    expect(shown.stdout).toContain(readFileSync(join(recipe, SETTINGS), 'utf8'))
    const plan = await workshop.run(['plan', recipe])
    expect(plan.exitCode, plan.stderr).toBe(0)
    expect(plan.stdout).toContain('cc-ci/tests/custom/front-page.spec.ts')
    const before = readFileSync(join(recipe, SETTINGS), 'utf8')
    const again = await workshop.run(['init', recipe])
    expect([again.exitCode, again.stderr]).toEqual([
      2,
      expect.stringMatching(/already has cc-ci\/cc-ci\.yml, cc-ci\/tests\n/),
    ])
    expect(readFileSync(join(recipe, SETTINGS), 'utf8')).toBe(before)
  })

  test('takes a path and a time from what the recipe itself says', async () => {
    const check = '    healthcheck:\n      test: ["CMD", "curl", "-f", "http://localhost:3000/api/health"]\n'
    const { settings } = await files(compose(check + ROUTED))
    expect(active(settings)).toEqual(['health:', '  path: /api/health', 'timeouts:', '  deploy: 1200s'])
  })

  test.each([
    ['of another port', 'test: curl http://localhost:9000/metrics'],
    ['of the root', 'test: curl http://localhost:3000/'],
    ['of another host', 'test: curl http://db:3000/ping'],
  ])('not from a health check %s', async (_, check) => {
    const { settings } = await files(compose(`    healthcheck:\n      ${check}\n${ROUTED}`))
    expect(active(settings)).toEqual(['timeouts:', '  deploy: 1200s'])
  })

  test('an app below a path is opened there, and not asked at what it answers inside', async () => {
    const below = ROUTED.replace('Host(`${DOMAIN}`)', 'Host(`${DOMAIN}`) && PathPrefix(`/ledger`)')
    const check = (path: string) => `    healthcheck:\n      test: curl http://localhost:3000${path}\n`
    const inside = await files(compose(check('/api/health') + below))
    expect(active(inside.settings)).toEqual(['timeouts:', '  deploy: 1200s'])
    expect(inside.spec).toContain("page.goto('/ledger')")
    const led = await files(compose(check('/ledger/health') + below))
    expect(active(led.settings)).toContain('  path: /ledger/health')
    expect((await files(compose(ROUTED))).spec).toContain("page.goto('/')")
  })

  test('every commented setting is one: with every # taken off the file is still taken', async () => {
    const { settings } = await files(compose(ROUTED))
    const on = settings.replace(/^( *)#(?! )/gm, '$1')
    expect(active(on).length).toBeGreaterThan(20)
    const recipeDir = await repository({ 'compose.yml': '', [SETTINGS]: on })
    const { settings: loaded } = await loadSettings({ recipeDir, recipeName: 'x' })
    expect(loaded.resources.memory).toBe(512 * 1024 ** 2)
    expect({ ...loaded, resources: { ...loaded.resources, memory: null } }).toEqual({
      ...(await loadSettings({ recipeDir: await repository(), recipeName: 'x' })).settings,
      timeouts: { ...loaded.timeouts, deploy: 1_200_000 },
    })
  })

  test('asks databases in their own words, and services where there is no page', async () => {
    const services = `  db:
    image: postgres:15
    environment: { POSTGRES_USER: it's }
  cache:
    image: docker.io/library/redis:7
  closed:
    image: redis:7
    command: redis-server --requirepass x
`
    const { spec, names } = await files(compose('', services))
    expect(names[1]).toBe('cc-ci/tests/custom/services.spec.ts')
    expect(spec).toContain(`app.exec('db', ['psql', '-U', 'it\\'s', '-d', 'it\\'s', '-tAc', 'select 1'])`)
    expect(spec).toContain(`app.exec('cache', ['redis-cli', 'ping'])`)
    expect(spec).not.toContain(`'closed'`)
    expect(spec).not.toContain('page.goto')
  })

  test('of something that is no folder', async () => {
    await using workshop = openWorkshop()
    const done = await workshop.run(['init', 'https://example.com/x.git'])
    expect([done.exitCode, done.stderr]).toEqual([2, expect.stringMatching(/no folder .*\n.*clone it first/)])
  })
})
