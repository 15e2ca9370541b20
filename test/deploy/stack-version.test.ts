import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { NO_ADDITIONS } from '../../src/deploy/deployer.ts'
import { stackModel } from '../../src/deploy/native/stack-model.ts'
import type { Pin } from '../../src/deploy/placement.ts'
import { composeText } from '../../src/recipe/stack/compose-text.ts'
import { hasStackConfig, stackConfig } from '../recipe/docker-cli.ts'
import { folder, resolved } from '../recipe/throwaway.ts'

const live = await hasStackConfig()

test.each([
  ['nothing', '', 2048],
  ['more', 'deploy: {resources: {limits: {pids: 100000}}}', 2048],
  ['that there is none', 'deploy: {resources: {limits: {pids: -1}}}', 2048],
  ['less', 'deploy: {resources: {limits: {pids: 50}}}', 50],
])('a service that says %s has bounded processes and a bounded log', async (_, service, pids) => {
  const compose = `version: "3.9"\nservices:\n  app:\n    image: x\n    ${service}\n  db: {image: x}\n`
  const { services } = parse(await deployedText(compose)) as { services: Record<string, Deployed> }
  const processes = Object.values(services).map(({ deploy }) => deploy.resources.limits.pids)
  expect(processes).toEqual([pids, 2048])
  const bound = String(NO_ADDITIONS.logBytes / 2)
  expect(Object.values(services).map(({ logging }) => logging.options['max-size'])).toEqual([bound, bound])
})

test('what a service sets aside is measured by the node that it is bound to, not by this machine', async () => {
  const huge = 2 ** 60
  const compose = `version: "3.9"\nservices: {app: {image: x, deploy: {resources: {reservations: {memory: "${huge}"}}}}}\n`
  const on = (memoryBytes: number) =>
    deployedText(compose, { id: 'n', hostname: 'n2', size: { memoryBytes, processors: 1 } })
  expect(await on(huge)).not.toContain(String(huge))
  expect(await on(huge - 2 ** 20)).toContain(String(huge))
  expect(await deployedText(compose)).toContain(String(huge))
})

interface Deployed {
  readonly deploy: { readonly resources: { readonly limits: { readonly pids: number } } }
  readonly logging: { readonly options: Readonly<Record<string, string>> }
}

/** The text that the native deployer gives to the docker CLI. */
async function deployedText(compose: string, pin: Pin | null = null): Promise<string> {
  const { stack, env } = await resolved({ 'compose.yml': compose })
  const app = { runId: 'run', recipe: 'a', domain: 'a.ci.test', stack: 'a_ci_test', repository: '/' }
  const about = { commit: '0'.repeat(40), version: null, chaos: true, dirty: false, secrets: [] }
  const release = { ...about, app, dir: '/', env, stack, added: NO_ADDITIONS }
  return composeText(stackModel({ release, images: new Map(), accommodations: [] }, { vips: true, pin }).model)
}

test.each([
  ['the limit of processes', 'version: "3.3"\nservices: {app: {image: x}}\n', '3.9'],
  ['a start interval', 'services: {app: {image: x, healthcheck: {start_interval: 1s}}}\n', '3.12'],
  [
    'options of a network',
    'services: {app: {image: x, networks: {n: {driver_opts: {a: b}}}}}\nnetworks: {n: }\n',
    '3.13',
  ],
  ['a score for the kernel', 'version: "3.13"\nservices: {app: {image: x, oom_score_adj: 5}}\n', '3.13'],
])('%s is deployed as the version that has it', async (_, compose, version) => {
  const text = await deployedText(compose)
  expect(text).toContain(`version: "${version}"`)
  if (live) expect(await stackConfig(await folder({}), ['-'], {}, text)).not.toHaveProperty('refused')
})
