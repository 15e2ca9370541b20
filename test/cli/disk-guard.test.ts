import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { engineHost } from '../../src/engine/endpoint.ts'
import { ImageBuilder } from '../../src/images/builder.ts'
import { busybox } from '../../src/images/busybox.ts'
import { EXIT } from '../../src/lib/errors.ts'
import { execOk, inheritedEnv } from '../../src/lib/process/exec.ts'
import { openWorkshop } from './cc-ci.ts'
import { leftOnEngine } from './started.ts'
import { commitAll, write } from './tinkered.ts'

const PIECE = 'dd if=/dev/zero bs=1M count=16'
/** Only this test ends it before: no guard, and it stops at 3 GiB. */
const withoutEnd = (dir: string) =>
  `n=0; while [ $n -lt 192 ]; do ${PIECE} of=${dir}/fill.$n 2>/dev/null; n=$((n+1)); sleep 0.2; done`
const much = (dir: string) => `for n in 1 2 3 4; do ${PIECE} of=${dir}/fill.$n 2>/dev/null; done`

/** Serves at once, and writes besides. */
function compose(writes: string): string {
  const script = `trap 'exit 0' TERM
mkdir -p /www /scratch
echo '<!doctype html><title>Store</title><h1>A store</h1><p>It works.</p>' > /www/index.html
busybox httpd -p 8080 -h /www
${writes}
while :; do sleep 1 & wait $!; done`
  const app = {
    image: busybox().tag,
    command: ['/bin/sh', '-c', script.replaceAll('$', () => '$$')],
    networks: ['proxy'],
    volumes: ['data:/data'],
    healthcheck: {
      test: ['CMD', 'wget', '-q', '-O', '/dev/null', 'http://127.0.0.1:8080/'],
      ...{ interval: '1s', timeout: '3s', retries: 5, start_period: '10s' },
    },
    deploy: {
      labels: Object.entries({
        'traefik.enable': 'true',
        'traefik.http.services.${STACK_NAME}.loadbalancer.server.port': '8080',
        'traefik.http.routers.${STACK_NAME}.rule': 'Host(`${DOMAIN}`)',
        'traefik.http.routers.${STACK_NAME}.entrypoints': 'web-secure',
        'traefik.http.routers.${STACK_NAME}.tls.certresolver': '${LETS_ENCRYPT_ENV}',
        'coop-cloud.${STACK_NAME}.version': '1.0.0+1',
      }).map(([key, value]) => `${key}=${value}`),
    },
  }
  const top = { networks: { proxy: { external: true } }, volumes: { data: {} } }
  return JSON.stringify({ version: '3.8', services: { app }, ...top })
}

/** A whole run with the operator's bound; the head of the recipe alone. */
async function judge(writes: string, bound: string, env: Record<string, string> = {}) {
  await using workshop = openWorkshop()
  const dir = join(workshop.dir, 'store')
  mkdirSync(dir)
  await execOk('git', ['init', '-q', '-b', 'main', dir], { timeoutMs: 30_000, env: inheritedEnv() })
  write(dir, {
    'compose.yml': compose(writes),
    '.env.sample': 'TYPE=store\n\nDOMAIN=store.example.com\nLETS_ENCRYPT_ENV=production\n',
    'abra.sh': '#!/bin/bash\n',
  })
  await commitAll(dir)
  write(workshop.dir, { 'operator/store/cc-ci.yml': `resources:\n  disk: ${bound}\n` })
  const args = [dir, '--base', 'none', '--only', 'backup', '--recipes', join(workshop.dir, 'operator')]
  const done = await workshop.test(args, { env })
  const tier = done.results.tiers.find(({ cause }) => cause?.code === 'disk-full')
  return { ...done, tier, left: await leftOnEngine(workshop) }
}

describe.concurrent('what an app writes to the disk', () => {
  beforeAll(() => new ImageBuilder(() => {}).ensure(busybox()))

  const rows: readonly { to: string; dir: string; writer: RegExp; env: Record<string, string> }[] = [
    { to: 'a volume', dir: '/data', writer: /most of it: volume data of app, \S+ .iB$/, env: {} },
    // Of an engine that may be elsewhere nobody asks the file systems of this machine.
    {
      to: 'its own layer',
      dir: '/scratch',
      writer: /most of it: container layer of app, \S+ .iB$/,
      env: { DOCKER_HOST: engineHost() },
    },
  ]
  it.each(rows)(
    'to $to, without end, ends the run and names who wrote; nothing is left',
    async ({ dir, writer, env }) => {
      const { exitCode, results, tier, left, stdout } = await judge(withoutEnd(dir), '200m', env)
      expect(tier, stdout).toMatchObject({
        status: 'fail',
        cause: { code: 'disk-full', blame: 'recipe', service: 'app' },
      })
      expect(tier?.cause?.message).toMatch(writer)
      expect(tier?.cause?.message).toContain('of 200 MiB that one run may hold')
      expect(tier?.cause?.lines.join('\n')).toMatch(
        /wrote: .*app.*\ndisk: .* free, .* when the run began, .* must stay free/s,
      )
      expect(exitCode).toBe(EXIT.fail)
      expect(results.flags).toMatchObject({ cleanTeardown: true })
      expect(left).toEqual([])
    },
  )

  it('is nobody’s business below the bound', async () => {
    const { exitCode, tier, left, stdout } = await judge(`${much('/data')}; ${much('/scratch')}`, '200m')
    expect(tier, stdout).toBeUndefined()
    expect(exitCode, stdout).toBe(EXIT.pass)
    expect(left).toEqual([])
  })
})
