import { stringify } from 'yaml'
import { GROUPS, SETTING_NAMES, type SettingName, settingRow } from '../config/registry.ts'
import type { RecipeFacts } from './facts.ts'

const WIDTH = 100
const DEFAULT_DEPLOY_SECONDS = 600
const MAX_DEPLOY_SECONDS = 7200

interface Derived {
  readonly value: unknown
  readonly from: string
}

/** `cc-ci.yml`: what the recipe's own files say is set; all else stands there commented, with its default. */
export function settingsFile(recipe: string, facts: RecipeFacts): string {
  const derived = derivedSettings(facts)
  const names = SETTING_NAMES.filter((name) => settingRow(name).schema && !settingRow(name).operatorOnly)
  const groups = GROUPS.map((group) => names.filter((name) => name.startsWith(`${group}.`)))
  const plain = names.filter((name) => !name.includes('.'))
  const blocks = [
    ...groups.filter((members) => members.length > 0).map((members) => groupBlock(members, derived)),
    ...plain.map((name) => entry(name, name, derived.get(name)).join('\n')),
  ]
  return `${head(recipe)}\n\n${blocks.join('\n\n')}\n`
}

function head(recipe: string): string {
  return comment(
    `How cc-ci tests ${recipe}. Every setting is optional: take the # off a name (and off its group) to change it. cc-ci plan shows what is in force; functions need cc-ci.config.ts instead of this file.`,
  ).join('\n')
}

function derivedSettings({ healthPath, deploySeconds }: RecipeFacts): ReadonlyMap<SettingName, Derived> {
  const derived = new Map<SettingName, Derived>()
  if (healthPath) derived.set('health.path', { value: healthPath.path, from: healthPath.from })
  if (deploySeconds !== null && deploySeconds > DEFAULT_DEPLOY_SECONDS) {
    const seconds = Math.min(deploySeconds, MAX_DEPLOY_SECONDS)
    derived.set('timeouts.deploy', { value: `${seconds}s`, from: 'the timeout label' })
  }
  return derived
}

function groupBlock(members: readonly SettingName[], derived: ReadonlyMap<SettingName, Derived>): string {
  const group = members[0]?.split('.')[0]
  const set = members.some((name) => derived.has(name))
  const entries = members.flatMap((name) => entry(name, name.split('.')[1] ?? '', derived.get(name)))
  return [`${set ? '' : '#'}${group}:`, ...entries.map((line) => `  ${line}`)].join('\n')
}

function entry(name: SettingName, key: string, derived: Derived | undefined): string[] {
  const { what, default: value, example } = settingRow(name)
  const words = comment(what)
  if (derived) return [...words, ...comment(`From ${derived.from}.`), `${key}: ${flow(derived.value)}`]
  const shown = value === null ? example : value
  const sample = isEmpty(value) ? comment(`Such as ${flow(example)}`) : []
  return [...words, ...sample, `#${key}: ${flow(shown)}`]
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0
}

/** On one line, whatever it holds. */
function flow(value: unknown): string {
  return stringify(value, { collectionStyle: 'flow', lineWidth: 0 }).trim()
}

function comment(text: string): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + word.length < WIDTH) lines[lines.length - 1] = `${last} ${word}`
    else lines.push(`# ${word}`)
  }
  return lines
}
