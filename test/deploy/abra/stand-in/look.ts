import { type App, allApps, docker, labelsOf, recipeFolder, run, servicesOf } from './app.ts'
import { Fatal } from './fatal.ts'

/** `app ls -S -m`. */
export function apps(): void {
  const rows = allApps().map((app) => {
    const isDeployed = servicesOf(app).length > 0
    const labels = isDeployed ? labelsOf(`${app.stack}_app`) : {}
    const label = (name: string) => labels[`coop-cloud.${app.stack}.${name}`] ?? 'unknown'
    return {
      ...{ server: 'default', recipe: app.recipe, appName: app.domain, domain: app.domain },
      status: isDeployed ? 'deployed' : 'unknown',
      ...{
        chaos: label('chaos'),
        chaosVersion: label('chaos-version'),
        autoUpdate: 'unknown',
        version: label('version'),
      },
      upgrade: 'unknown',
    }
  })
  const counts = {
    appCount: rows.length,
    versionCount: rows.length,
    unversionedCount: 0,
    latestCount: 0,
    upgradeCount: 0,
  }
  print({ default: { apps: rows, ...counts } })
}

/** `app ps -m`. */
export function services(app: App): void {
  const names = servicesOf(app)
  if (names.length === 0) throw new Fatal(`${app.domain} is not deployed?`)
  const rows = names.map((name) => {
    const [image, state] = docker('service', 'ls', '--filter', `name=${name}`, '--format', '{{.Image}}\t{{.Replicas}}')
      .trim()
      .split('\t')
    return [name.slice(app.stack.length + 1), { image, status: state, version: 'unknown', chaos: 'true' }]
  })
  print(Object.fromEntries(rows))
}

/** `recipe versions -m`. */
export function versions(recipe: string | undefined): void {
  const tags = run('git', ['tag', '--list'], { cwd: recipeFolder(recipe) })
    .split('\n')
    .filter(Boolean)
  print(tags.map((version) => ({ version, service: 'app', image: 'unknown', tag: 'unknown' })))
}

const RULES = Array.from({ length: 16 }, (_, index) => `R${String(index + 1).padStart(3, '0')}`)

/** `recipe lint`: a table on a terminal. */
export function lint(recipe: string | undefined): void {
  recipeFolder(recipe)
  needsTerminal()
  const row = (...cells: string[]) => `┃ ${cells.join(' ┃ ')} ┃`
  const rows = RULES.map((rule, index) =>
    row(rule, 'a rule', index < 7 ? 'warn' : 'error', index === 5 ? '❌' : '✅', '-', 'do something'),
  )
  process.stdout.write(`${[row('REF', 'RULE', 'SEVERITY', 'SATISFIED', 'SKIPPED', 'RESOLVE'), ...rows].join('\n')}\n`)
}

/** `app backup create`, `app restore`: the bot of this Swarm does it. */
export function throughBot(app: App, what: 'create' | 'restore'): void {
  needsTerminal()
  const [bot] = docker('service', 'ls', '--filter', 'label=coop-cloud.backupbot.enabled=true', '--format', '{{.Name}}')
    .split('\n')
    .filter(Boolean)
  if (!bot) throw new Fatal('no backupbot discovered, is it deployed?')
  const [container] = docker('ps', '-q', '--filter', `label=com.docker.swarm.service.name=${bot}`)
    .split('\n')
    .filter(Boolean)
  if (!container) throw new Fatal(`no container of ${bot} runs`)
  process.stdout.write(docker('exec', '--env', `SERVICE=${app.stack}`, container, '/usr/bin/backup', '--', what))
}

function needsTerminal(): void {
  if (!process.stdout.isTTY) throw new Fatal('inappropriate ioctl for device')
}

function print(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value)}\n`)
}
