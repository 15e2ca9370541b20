import { didYouMean } from '../../lib/text/did-you-mean.ts'
import { type Keys, TRAEFIK_KEYS } from './keys.ts'

/** What is wrong with the name of a label. */
export interface LabelProblem {
  /** `error`: Traefik refuses it, and all other labels of that service with it. `warning`: an option, which a newer Traefik may know. */
  readonly severity: 'error' | 'warning'
  /** Begins with a verb: "has the part ...". */
  readonly message: string
}

/** Labels of Traefik 1, which every later one passes over. */
const VERSION_1 = ['backend', 'frontend', 'port', 'protocol', 'tags', 'weight', 'domain']

/** Null for a label that Traefik knows, and for one that is none of its own: some select by labels such as `traefik.constraint-label`. */
export function labelProblem(label: string): LabelProblem | null {
  const [root = '', ...parts] = label.split('.')
  if (root.toLowerCase() !== 'traefik' || parts.length === 0) return null
  const path = parts.map((part) => part.toLowerCase())
  let keys: Keys = TRAEFIK_KEYS
  for (const [index, part] of path.entries()) {
    if ('**' in keys) return null
    const below: Keys | undefined = own(keys, part.replace(/\[\d+\]$/, '')) ?? own(keys, '*')
    if (below === undefined || part === '') return problemAt(parts, index, keys)
    keys = below
  }
  return null
}

function own(keys: Keys, name: string): Keys | undefined {
  return Object.hasOwn(keys, name) ? keys[name] : undefined
}

function problemAt(parts: readonly string[], index: number, keys: Keys): LabelProblem | null {
  const part = parts[index] ?? ''
  const before = ['traefik', ...parts.slice(0, index)].join('.')
  if (part === '') return { severity: 'error', message: `has nothing between two dots after ${before}` }
  const known = Object.keys(keys)
  const meant = didYouMean(part.toLowerCase(), known)
  if (index === 0 && meant === '' && !VERSION_1.includes(part.toLowerCase())) return null
  const message = `has the part "${part}" after ${before}, which Traefik does not know.${meant}${dottedName(parts, index, keys)}`
  return { severity: severityAt(parts, index, meant !== ''), message }
}

/** `routers.my.app.rule`: the name that the recipe chose has a dot in it. */
function dottedName(parts: readonly string[], index: number, keys: Keys): string {
  const [, , name] = parts
  const next = parts[index + 1]?.toLowerCase()
  return index === 3 && next !== undefined && Object.hasOwn(keys, next)
    ? ` The name "${name}.${parts[3]}" must not have a dot.`
    : ''
}

function severityAt(parts: readonly string[], index: number, near: boolean): LabelProblem['severity'] {
  const [group = '', kind = ''] = parts.map((part) => part.toLowerCase())
  if (index === 0) return near && !VERSION_1.includes(group) ? 'error' : 'warning'
  if (kind === 'middlewares' && index >= 3) return index === 3 && near ? 'error' : 'warning'
  return 'error'
}
