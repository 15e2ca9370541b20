import type { SourceLocation } from '../../lib/text/source-location.ts'

/** Name to value and place, in the order of the file; the last of several wins. */
export type AbraExports = ReadonlyMap<string, { readonly value: string; readonly place: SourceLocation }>

/**
 * The `export NAME=value` lines of abra.sh at the top level. Nothing is executed: lines inside functions and here-documents, and
 * values that need a shell (`$(…)`, backticks, variables), are left out.
 */
export function readAbraExports(text: string, file = 'abra.sh'): AbraExports {
  const exports = new Map<string, { value: string; place: SourceLocation }>()
  const lines = text.replace(/\r\n?/g, '\n').split('\n')
  let heredoc: { word: string; tabs: boolean } | undefined
  let depth = 0
  for (const [index, line] of lines.entries()) {
    if (heredoc) {
      if ((heredoc.tabs ? line.replace(/^\t+/, '') : line) === heredoc.word) heredoc = undefined
      continue
    }
    const top = depth === 0
    heredoc = heredocOf(line)
    depth = Math.max(0, depth + nesting(line))
    if (!top) continue
    for (const [name, value, column] of assignments(line))
      exports.set(name, { value, place: { file, line: index + 1, column } })
  }
  return exports
}

function heredocOf(line: string): { word: string; tabs: boolean } | undefined {
  const match = /(?<!<)<<(-?)\s*(["']?)([A-Za-z_]\w*)\2/.exec(withoutComment(line))
  return match?.[3] ? { word: match[3], tabs: match[1] === '-' } : undefined
}

/** How many blocks a line opens or closes: `{`, `(` at the end of a function head, and their ends. */
function nesting(line: string): number {
  const code = withoutQuoted(withoutComment(line))
  const opens = code.match(/(^|[\s)])\{(?=\s|$)|\)\s*\((?=\s|$)/g)?.length ?? 0
  const closes = code.match(/(^|[\s;])\}(?=[\s;)]|$)|^\)\s*$/g)?.length ?? 0
  return opens - closes
}

const QUOTED = { '"': /"(?:\\.|[^"\\])*"/y, "'": /'[^']*'/y, $: /\$\{[^}]*\}/y } as const

/** Where one of them is not closed, none of its kind is closed behind it: looking again from each would take time with the square. */
function withoutQuoted(line: string): string {
  const unclosed = new Set<string>()
  const lines: string[] = []
  let at = 0
  for (const { index, 0: opening } of line.matchAll(/["']|\$\{/g)) {
    const kind = opening.charAt(0) as keyof typeof QUOTED
    if (index < at || unclosed.has(kind)) continue
    const pattern = QUOTED[kind]
    pattern.lastIndex = index
    if (!pattern.test(line)) {
      unclosed.add(kind)
      continue
    }
    lines.push(line.slice(at, index))
    at = pattern.lastIndex
  }
  return [...lines, line.slice(at)].join('')
}

function withoutComment(line: string): string {
  return line.replace(/(^|\s)#.*$/, '')
}

function* assignments(line: string): Generator<[name: string, value: string, column: number]> {
  const head = /^\s*export\s+/.exec(line)
  if (!head) return
  const word = /([A-Za-z_]\w*)=("(?:\\.|[^"\\])*"|'[^']*'|[^\s;&|<>()"'`]*)(?=[\s;]|$)\s*/y
  for (let at = head[0].length; ; at = word.lastIndex) {
    word.lastIndex = at
    const match = word.exec(line)
    if (!match?.[1]) return
    const value = plainValue(match[2] ?? '')
    if (value !== undefined) yield [match[1], value, at + 1]
  }
}

function plainValue(word: string): string | undefined {
  if (word.startsWith("'")) return word.slice(1, -1)
  if (/(?<!\\)[$`]/.test(word)) return undefined
  return word.startsWith('"') ? word.slice(1, -1).replace(/\\(["$`\\])/g, '$1') : word.replace(/\\(.)/g, '$1')
}
