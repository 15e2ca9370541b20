import { parse } from 'yaml'
import type { ComposeModel, ComposeService } from '../../../../src/recipe/model.ts'
import { composeText } from '../../../../src/recipe/stack/compose-text.ts'
import { type App, docker, noteVersion, run, servicesOf } from './app.ts'
import { Fatal, info } from './fatal.ts'
import { secretsOf } from './secrets.ts'

const WINDOW_S = 300

/** In the order of abra: what is deployed, secrets, abra.sh, compose files, labels, variables, the engine. */
export async function deploy(app: App, flags: ReadonlySet<string>): Promise<void> {
  const chaos = flags.has('chaos')
  const isDeployed = servicesOf(app).length > 0
  if (isDeployed && !chaos && !flags.has('force')) throw new Fatal(`${app.domain} is already deployed`)
  if (!flags.has('offline')) throw new Fatal('unable to fetch tags: authentication required: Unauthorized')
  if (!chaos && isDirty(app))
    throw new Fatal(
      `${app.recipe} (${app.recipeDir}) has locally unstaged changes? please commit/remove your changes before proceeding`,
    )
  const files = (app.env.get('COMPOSE_FILE') ?? 'compose.yml').split(':')
  const model = load(app, files)
  checkSecrets(app, model)
  if (!flags.has('no-domain-checks')) throw new Fatal(`unable to resolve an ipv4 address for ${app.domain}`)
  if (!flags.has('no-input')) throw new Fatal('inappropriate ioctl for device')
  const labelled = withLabels(app, model, chaos)
  run('docker', ['stack', 'deploy', '--resolve-image', 'always', '--compose-file', '-', app.stack], {
    cwd: app.recipeDir,
    input: composeText(labelled),
  })
  noteVersion(app, chaos ? chaosVersion(app) : versionOf(app, model))
  if (!flags.has('no-converge-checks')) await converge(app, model)
  info(`successfully deployed ${app.domain}`)
}

export function load(app: App, files: readonly string[]): ComposeModel {
  const args = files.flatMap((file) => ['--compose-file', file])
  const text = run('docker', ['stack', 'config', ...args], { cwd: app.recipeDir, env: Object.fromEntries(app.env) })
  const {
    services,
    networks = {},
    volumes = {},
    secrets = {},
    configs = {},
  } = parse(text, { merge: true }) as Partial<ComposeModel> & Pick<ComposeModel, 'services'>
  return { services, networks, volumes, secrets, configs }
}

function withLabels(app: App, model: ComposeModel, chaos: boolean): ComposeModel {
  const service = model.services.app ?? {}
  const prefix = `coop-cloud.${app.stack}`
  const labels = {
    ...service.deploy?.labels,
    [`${prefix}.recipe`]: app.recipe,
    [`${prefix}.chaos`]: String(chaos),
    ...(chaos ? { [`${prefix}.chaos-version`]: chaosVersion(app) } : {}),
  }
  const environment = { ...Object.fromEntries(app.env), ...service.environment }
  const labelled: ComposeService = { ...service, environment, deploy: { ...service.deploy, labels } }
  return { ...model, services: { ...model.services, app: labelled } }
}

function isDirty({ recipeDir }: App): boolean {
  return run('git', ['status', '--porcelain'], { cwd: recipeDir }) !== ''
}

function chaosVersion(app: App): string {
  const head = run('git', ['rev-parse', 'HEAD'], { cwd: app.recipeDir }).slice(0, 8)
  return `${head}${isDirty(app) ? '+U' : ''}`
}

function versionOf(app: App, model: ComposeModel): string {
  return model.services.app?.deploy?.labels?.[`coop-cloud.${app.stack}.version`] ?? 'unknown'
}

function checkSecrets(app: App, model: ComposeModel): void {
  const there = new Set(docker('secret', 'ls', '--format', '{{.Name}}').split('\n'))
  for (const { key, full, generate } of secretsOf(app, model)) {
    if (there.has(full)) continue
    throw new Fatal(generate ? `secret not generated: ${key}` : `secret not inserted (#generate=false): ${key}`)
  }
}

/** All tasks run, and are healthy, within the window of the label. */
async function converge(app: App, model: ComposeModel): Promise<void> {
  const label = model.services.app?.deploy?.labels?.[`coop-cloud.${app.stack}.timeout`]
  const end = Date.now() + Number(label ?? WINDOW_S) * 1000
  for (;;) {
    const states = docker(
      'service',
      'ls',
      '--filter',
      `label=com.docker.stack.namespace=${app.stack}`,
      '--format',
      '{{.Replicas}}',
    )
    if (
      states
        .split('\n')
        .filter(Boolean)
        .every((one) => /^(\d+)\/\1\b/.test(one))
    )
      return
    if (Date.now() > end) throw new Fatal('deploy timed out')
    await new Promise((done) => setTimeout(done, 500))
  }
}

export function undeploy(app: App): void {
  if (servicesOf(app).length === 0) throw new Fatal(`${app.domain} is not deployed?`)
  docker('stack', 'rm', '--detach=true', app.stack)
  info(`${app.domain} undeployed`)
}

export function removeVolumes(app: App): void {
  if (servicesOf(app).length > 0)
    throw new Fatal(`${app.domain} is still deployed. Run "abra app undeploy ${app.domain}"`)
  const names = docker('volume', 'ls', '-q', '--filter', `label=com.docker.stack.namespace=${app.stack}`)
    .split('\n')
    .filter(Boolean)
  if (names.length > 0) docker('volume', 'rm', '--force', ...names)
  info(`${names.length} volumes removed successfully`)
}
