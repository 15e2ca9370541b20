import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { helper, type Library, library, SERVE } from '../../src/canaries/library.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'cc-ci-library-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

/** The compose document of each commit. */
async function documents(changes: Library) {
  const found: ReturnType<typeof parse>[] = []
  for (const step of library(changes)('seeds')) {
    await step.write(dir)
    found.push(parse(readFileSync(join(dir, 'compose.yml'), 'utf8')))
  }
  return found
}

describe('a library', () => {
  it('has a release and a head that differ in image and label, and no settings of cc-ci', async () => {
    const [first, head] = await documents({})
    expect(library({})('seeds').map(({ version }) => version)).toEqual(['1.0.0+1.0.0', null])
    expect([first, head].map(({ services }) => services.app.image)).toEqual([
      'cc-ci-fixtures/library:1',
      'cc-ci-fixtures/library:2',
    ])
    expect(head.services.app.deploy.labels).toContain('coop-cloud.${STACK_NAME}.version=2.0.0+2.0.0')
    expect(() => readFileSync(join(dir, 'cc-ci/cc-ci.yml'))).toThrow(/ENOENT/)
  })

  it('says what its shell runs so that compose leaves it alone', async () => {
    const [head] = await documents({ released: false })
    expect(head.services.app.command[2].replaceAll('$$', '$')).toBe(SERVE)
    expect(head.services.app.command[2].replaceAll('$$', '')).not.toContain('$')
  })

  it('declares the networks and volumes that its services use', async () => {
    const worker = helper('sleep 9', 'any', { networks: ['inner'], volumes: ['jobs:/jobs'] })
    const [first, head] = await documents({ beside: { worker: (release) => (release === 1 ? null : worker) } })
    expect([Object.keys(first.services), Object.keys(head.services)]).toEqual([['app'], ['app', 'worker']])
    expect(head.networks).toEqual({ inner: {}, proxy: { external: true } })
    expect(head.volumes).toEqual({ jobs: {}, shelf: {} })
    expect(head.services.worker.deploy.labels).toEqual([])
  })

  it('promises a backup of what it keeps only', async () => {
    const [kept] = await documents({ released: false })
    const [keptNothing] = await documents({ released: false, app: { volumes: [] } })
    expect(kept.services.app.deploy.labels).toContain('backupbot.backup=true')
    expect(keptNothing.services.app.deploy.labels).not.toContain('backupbot.backup=true')
  })
})
