import { LABEL_TABLE, type LabelRow } from './label-table.ts'

/** Names that a recipe chooses: of routers, services, middlewares; and of headers. Traefik takes brackets for the entry of a list. */
const CHOSEN = '[A-Za-z0-9_-]+'
/** Longer than a person writes; characters. */
const MAX_LABEL = 500

const NAMES = LABEL_TABLE.map((row) => ({ row, pattern: patternOf(row.label) }))

/** Where Traefik compares names it takes no account of case, also for letters beyond ASCII: the Kelvin sign is a k. */
export function isTraefikLabel(label: string): boolean {
  return /^\s*traefik\s*[.[]/.test(label.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase())
}

/** The row of the table for a label such as `traefik.http.routers.blog.rule`, and the name in it; null for a label that is none of these. */
export function knownLabel(label: string): { readonly row: LabelRow; readonly name: string | null } | null {
  if (label.length > MAX_LABEL) return null
  for (const { row, pattern } of NAMES) {
    const found = pattern.exec(label)
    if (found) return { row, name: found.groups?.name ?? null }
  }
  return null
}

function patternOf(label: string): RegExp {
  const parts = label.split('.')
  const last = (parts.pop() ?? '').split(' ').join('|')
  const path = [...parts, last === 'HEADER' ? last : `(?:${last})`].map((part) => {
    if (part === 'NAME') return `(?<name>${CHOSEN})`
    if (part === 'LIST[N]') return 'domains\\[\\d{1,2}\\]'
    return part === 'HEADER' ? CHOSEN : part
  })
  return new RegExp(`^traefik\\.${path.join('\\.')}$`, 'i')
}
