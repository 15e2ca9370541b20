import { join } from 'node:path'
import { expect, it } from 'vitest'
import { Engine } from '../../src/engine/client.ts'
import { type PruneImagesResult, pruneImages } from '../../src/history/images/prune.ts'
import { ImageBuilder } from '../../src/images/builder.ts'
import { busybox } from '../../src/images/busybox.ts'
import { systemClock } from '../../src/lib/async/clock.ts'
import { EXIT } from '../../src/lib/errors.ts'
import { exec, execOk } from '../../src/lib/process/exec.ts'
import { imageUse } from '../../src/lifecycle/app/pulled-images.ts'
import { openWorkshop, type Workshop } from './cc-ci.ts'
import { commitAll, write } from './tinkered.ts'
import { tinyRegistry } from './tiny-registry.ts'

const docker = (args: readonly string[]) => execOk('docker', args, { timeoutMs: 300_000 })

async function isThere(ref: string): Promise<boolean> {
  return (await exec('docker', ['image', 'inspect', ref], { timeoutMs: 300_000 })).exitCode === 0
}

async function gc(
  workshop: Workshop,
  args: readonly string[],
): Promise<PruneImagesResult & { readonly exitCode: number }> {
  const { stdout, stderr, exitCode } = await workshop.run(['gc', '--images', '--json', ...args])
  if (!stdout.startsWith('{')) throw new Error(stderr)
  return { ...(JSON.parse(stdout) as PruneImagesResult), exitCode: exitCode ?? -1 }
}

it('images that runs brought go, those that nobody uses; what was there before them stays', async () => {
  await new ImageBuilder(() => {}).ensure(busybox())
  await using registry = await tinyRegistry(busybox().tag, ['ours', 'theirs', 'next'])
  await using workshop = openWorkshop()
  const [ours, theirs, next] = ['ours', 'theirs', 'next'].map((name) => `${registry.host}/${name}:1`) as [
    string,
    string,
    string,
  ]
  await docker(['pull', '--quiet', theirs])
  try {
    const dir = join(workshop.dir, 'shop')
    await execOk('git', ['init', '-q', '-b', 'main', dir], { timeoutMs: 60_000 })
    const serve =
      "mkdir /www; echo '<!doctype html><title>Shop</title><h1>Open</h1>' > /www/index.html; exec busybox httpd -f -p 8080 -h /www"
    const labels = Object.entries({
      'traefik.enable': 'true',
      'traefik.http.services.${STACK_NAME}.loadbalancer.server.port': '8080',
      'traefik.http.routers.${STACK_NAME}.rule': 'Host(`${DOMAIN}`)',
      'traefik.http.routers.${STACK_NAME}.entrypoints': 'web-secure',
      'traefik.http.routers.${STACK_NAME}.tls.certresolver': '${LETS_ENCRYPT_ENV}',
      'coop-cloud.${STACK_NAME}.version': '1.0.0+1',
    }).map(([key, value]) => `${key}=${value}`)
    const app = { image: ours, command: ['/bin/sh', '-c', serve], networks: ['proxy'], deploy: { labels } }
    const idle = { image: theirs, command: ['sleep', '86400'] }
    const compose = { version: '3.8', services: { app, idle }, networks: { proxy: { external: true } } }
    write(dir, {
      'compose.yml': JSON.stringify(compose),
      '.env.sample': 'TYPE=shop\n\nDOMAIN=shop.example.com\nLETS_ENCRYPT_ENV=production\n',
      'abra.sh': '#!/bin/bash\n',
    })
    await commitAll(dir)
    const { exitCode, stdout } = await workshop.test([
      dir,
      '--base',
      'none',
      '--only',
      'install',
      '--allow',
      'local-registry',
    ])
    expect(exitCode, stdout).toBe(EXIT.pass)

    // Within the limits, both of them.
    const within = await gc(workshop, [])
    expect(within).toMatchObject({ exitCode: EXIT.pass, removed: [], before: { images: 1 }, after: { images: 1 } })
    const dry = await gc(workshop, ['--older-than', '1ms', '--dry-run'])
    expect(dry).toMatchObject({ removed: [{ ref: ours, why: 'age' }], after: { images: 0, bytes: 0 } })
    const engine = await Engine.connect()
    const options = { state: workshop.state, engine, policy: { olderThanMs: null, maxBytes: 0 }, clock: systemClock }
    const kept = async (pinned: readonly string[]) => {
      const { removed, kept } = await pruneImages({ ...options, pinned: new Set(pinned) })
      return [removed.length, ...kept.map(({ why }) => why)]
    }
    expect(await kept([ours])).toEqual([0, 'kept data was made with it'])
    await docker(['tag', busybox().tag, ours])
    expect(await kept([])).toEqual([0, 'it means another image since, which no run brought here'])
    await docker(['pull', '--quiet', ours])
    // A container that nobody here started.
    const container = (await docker(['create', ours])).stdout.trim()
    const held = await gc(workshop, ['--max-bytes', '0'])
    await docker(['rm', container])
    expect(held).toMatchObject({ removed: [], kept: [{ ref: ours, why: 'a container uses it' }] })
    // Another run is about to use one that it has not even looked for.
    await imageUse(workshop.state, engine).before(next)
    const busy = await gc(workshop, ['--max-bytes', '0'])
    expect(busy).toMatchObject({
      removed: [{ ref: ours, why: 'size' }],
      kept: [{ ref: next, why: 'a run uses it now' }],
      failures: [],
    })
    expect([await isThere(ours), await isThere(theirs)]).toEqual([false, true])
    // What a person brings back is that person's.
    await docker(['pull', '--quiet', ours])
    expect((await gc(workshop, ['--max-bytes', '0'])).removed).toEqual([])
    expect(await isThere(ours)).toBe(true)
  } finally {
    await exec('docker', ['image', 'rm', ours, theirs], { timeoutMs: 300_000 })
  }
})
