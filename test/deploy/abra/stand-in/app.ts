import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { readAbraExports } from '../../../../src/recipe/files/abra-exports.ts'
import { parseEnvSample } from '../../../../src/recipe/files/env-sample.ts'
import type { EnvSample } from '../../../../src/recipe/model.ts'
import { Fatal } from './fatal.ts'

const HOME = process.env.ABRA_DIR ?? `${process.env.HOME}/.abra`
const SERVER = join(HOME, 'servers', 'default')

/** An app as abra knows it: by its env file. */
export interface App {
  readonly domain: string
  readonly stack: string
  readonly recipe: string
  readonly recipeDir: string
  readonly file: string
  readonly sample: EnvSample
  /** The env file, then abra.sh. */
  readonly env: ReadonlyMap<string, string>
}

export function findApp(domain: string | undefined): App {
  const file = join(SERVER, `${domain}.env`)
  if (!domain || !existsSync(file)) throw new Fatal(`app "${domain}" does not exist`)
  const sample = parseEnvSample(readFileSync(file, 'utf8'), file)
  const recipe = (sample.values.get('TYPE') ?? sample.values.get('RECIPE') ?? '').split(':')[0] ?? ''
  const recipeDir = recipeFolder(recipe)
  const exports = existsSync(join(recipeDir, 'abra.sh'))
    ? [...readAbraExports(readFileSync(join(recipeDir, 'abra.sh'), 'utf8'))].map(
        ([name, { value }]) => [name, value] as const,
      )
    : []
  const stack = sample.values.get('STACK_NAME') || domain.replaceAll('.', '_').slice(0, 45)
  return {
    domain,
    stack,
    recipe,
    recipeDir,
    file,
    sample,
    env: new Map([...sample.values, ...exports, ['STACK_NAME', stack]]),
  }
}

export function recipeFolder(recipe: string | undefined): string {
  const dir = join(HOME, 'recipes', recipe ?? '')
  if (!recipe || !existsSync(join(dir, '.git'))) throw new Fatal(`recipe "${recipe}" does not exist`)
  return dir
}

export function allApps(): App[] {
  return readdirSync(SERVER)
    .filter((name) => name.endsWith('.env'))
    .map((name) => findApp(name.slice(0, -'.env'.length)))
}

/** abra notes in the env file what it has deployed. */
export function noteVersion({ file, recipe }: App, version: string): void {
  const lines = readFileSync(file, 'utf8').split('\n')
  writeFileSync(file, lines.map((line) => (line.startsWith('TYPE=') ? `TYPE=${recipe}:${version}` : line)).join('\n'))
}

/** What another program prints; its words are what abra passes on. */
export function run(
  file: string,
  args: readonly string[],
  options: { cwd?: string; input?: string; env?: Record<string, string> } = {},
): string {
  try {
    return execFileSync(file, args, {
      cwd: options.cwd ?? HOME,
      encoding: 'utf8',
      stdio: ['pipe', 'pipe', 'pipe'],
      input: options.input ?? '',
      env: { PATH: process.env.PATH, HOME: process.env.HOME, DOCKER_HOST: process.env.DOCKER_HOST, ...options.env },
    })
  } catch (error) {
    throw new Fatal(String((error as { stderr?: string }).stderr || error).trim())
  }
}

export function docker(...args: string[]): string {
  return run('docker', args)
}

export function servicesOf({ stack }: Pick<App, 'stack'>): string[] {
  return docker('service', 'ls', '--filter', `label=com.docker.stack.namespace=${stack}`, '--format', '{{.Name}}')
    .split('\n')
    .filter(Boolean)
}

export function labelsOf(service: string): Readonly<Record<string, string>> {
  return JSON.parse(docker('service', 'inspect', service, '--format', '{{json .Spec.Labels}}')) as Record<
    string,
    string
  >
}
