import { didYouMean } from '../../lib/text/did-you-mean.ts'
import { DURATION_KEYS } from '../compose/go-duration.ts'
import { variablesOf } from '../compose/interpolate.ts'
import { type Data, isDataMap } from '../compose/source.ts'
import { fact } from './coop-cloud.ts'
import { eachText } from './evolution.ts'
import type { LintContext, LintFact } from './rule.ts'

/** Three digits that look like permissions: written without a leading 0 they are read as a decimal number. */
const LOOKS_OCTAL = /^[4-7][0-7]{2}$/
const REAL_MODES = [
  0o400, 0o440, 0o444, 0o500, 0o540, 0o550, 0o555, 0o600, 0o640, 0o644, 0o660, 0o664, 0o666, 0o700, 0o750, 0o755, 0o770,
  0o775, 0o777,
]

/** A path on a drive of Windows: `d:/data`. */
const DRIVE = /^[A-Za-z]:/

/** CC03 */
export function octalModes({ stack }: LintContext): LintFact[] | string {
  const facts: LintFact[] = []
  for (const [name, service] of Object.entries(stack.model.services)) {
    for (const key of ['configs', 'secrets'] as const) {
      for (const [index, entry] of (service[key] ?? []).entries()) {
        const { mode, source } = entry as { mode?: unknown; source: string }
        if (typeof mode !== 'number') continue
        const trap = (LOOKS_OCTAL.test(String(mode)) && !REAL_MODES.includes(mode)) || mode > 0o7777
        const where = stack.place(['services', name, key, String(index), 'mode'])
        facts.push(
          fact(
            `${name}: ${source}`,
            !trap,
            `has mode ${mode}, which is ${mode.toString(8).padStart(4, '0')} in octal`,
            where,
          ),
        )
      }
    }
  }
  return facts.length > 0 ? facts : 'no config or secret has a mode'
}

/** CC04: only the short form of a mount reads `d:/data` as a drive; with `type: volume` and `source: d` it is a volume like any other. */
export function oneLetterVolumes({ stack }: LintContext): LintFact[] | string {
  const facts = Object.entries(stack.model.services).flatMap(([service, { volumes = [] }]) =>
    volumes.map(({ source, target }) => {
      const name = source ?? target
      const where = stack.place(['services', service, 'volumes', name])
      return fact(
        `${service}: ${name}`,
        !DRIVE.test(name),
        `begins with ${name.slice(0, 2)}, which is read as a Windows drive`,
        where,
      )
    }),
  )
  return facts.length > 0 ? facts : 'there are no volumes'
}

/** CC09: `$NAME-x` is "NAME, or else x", defaults do not nest, and keys are not interpolated. */
export function interpolationTraps({ stack }: LintContext): LintFact[] {
  const facts: LintFact[] = []
  for (const { data } of stack.sources ?? []) {
    eachText(data, [], (text, path) => {
      for (const { name, operator, word, braces } of variablesOf(text)) {
        if (braces && word.includes('${'))
          facts.push(fact(path.join('.'), false, nested(name, operator, word), stack.place(path)))
        if (braces || operator === '') continue
        facts.push(
          fact(
            path.join('.'),
            false,
            `"$${name}${operator}…" takes what follows as a default: write \${${name}}`,
            stack.place(path),
          ),
        )
      }
    })
    eachKey(data, [], (key, path) => {
      if (!/(?<!\$)\$(\{|[A-Za-z_])/.test(key)) return
      facts.push(
        fact(
          path.join('.'),
          false,
          `the key "${key}" holds a variable, but keys are not interpolated`,
          stack.place([...path, key]),
        ),
      )
    })
  }
  return facts.length > 0 ? facts : [{ subject: 'compose files' }]
}

function nested(name: string, operator: string, word: string): string {
  return `the default of ${name} ends at the first }: docker puts "${word}" and the text behind it, \${${name}${operator}…} does not nest`
}

/** CC12: the keys of docker compose that a Swarm stack does without. */
export function ignoredKeys({ stack }: LintContext): LintFact[] {
  return Object.entries(stack.model.services).map(([name, service]) => {
    const found = IGNORED.filter((key) => Object.hasOwn(service, key))
    const where = stack.place(['services', name, found[0] ?? ''])
    return fact(`service ${name}`, found.length === 0, `has ${found.join(', ')}, which a Swarm stack ignores`, where)
  })
}

const IGNORED = [
  'cgroupns_mode',
  'cgroup_parent',
  'container_name',
  'depends_on',
  'devices',
  'domainname',
  'expose',
  'external_links',
  'ipc',
  'links',
  'mac_address',
  'network_mode',
  'pid',
  'privileged',
  'restart',
  'security_opt',
  'shm_size',
  'userns_mode',
]

/** CC21: a Swarm stack ignores the key, so nobody notices a name that is wrong until a tool reads it that does not. */
export function dependencies({ stack }: LintContext): LintFact[] | string {
  const { services } = stack.model
  const facts = Object.entries(services).flatMap(([name, { depends_on: named }]) =>
    (Array.isArray(named) ? named : []).map((other: unknown, index) => {
      const path = ['services', name, 'depends_on', String(index)]
      const meant = didYouMean(String(other), Object.keys(services))
      const problem = `depends on ${other}, which is no service of the stack${meant && `.${meant}`}`
      return fact(`service ${name}`, Object.hasOwn(services, String(other)), problem, stack.place(path))
    }),
  )
  return facts.length > 0 ? facts : 'no service has depends_on'
}

/** CC14: the operators' client checks the schema before it interpolates. */
export function variableDurations({ stack }: LintContext): LintFact[] {
  const facts: LintFact[] = []
  for (const { data } of stack.sources ?? []) {
    eachText(data, [], (text, path) => {
      if (path[0] !== 'services' || !DURATION_KEYS.has(path.at(-1) ?? '') || path.includes('environment')) return
      if (variablesOf(text).length > 0)
        facts.push(fact(path.join('.'), false, `is the duration ${text}`, stack.place(path)))
    })
  }
  return facts.length > 0 ? facts : [{ subject: 'compose files' }]
}

function eachKey(value: Data, path: readonly string[], visit: (key: string, path: readonly string[]) => void): void {
  if (Array.isArray(value))
    for (const [index, child] of value.entries()) eachKey(child, [...path, String(index)], visit)
  if (!isDataMap(value)) return
  for (const [key, child] of Object.entries(value)) {
    visit(key, path)
    eachKey(child, [...path, key], visit)
  }
}
