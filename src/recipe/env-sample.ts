import { RecipeError, RecipeErrors } from '../lib/errors.ts'
import type { Place } from '../lib/place.ts'
import type { EnvEntry, EnvSample } from './model.ts'

const KEY = /(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_.]*)[ \t]*(?:=|:(?=[ \t]))[ \t]*/y
const OPTIONAL = /#[#\s]*?(?=[A-Z][A-Z0-9_]*=)/y

/**
 * Parses `.env.sample` in the dialect of the operators' client: double quotes and bare values expand `$NAME` and `${NAME}` from
 * the lines above, single quotes are literal, quoted values may span lines, a comment behind a value may hold modifiers.
 * Throws RecipeErrors with every line that cannot be read (`env-invalid`).
 */
export function parseEnvSample(text: string, file = '.env.sample'): EnvSample {
  const reader = new Reader(text.replace(/^\uFEFF/, '').replace(/\r\n?/g, '\n'), file)
  const entries: EnvEntry[] = []
  const optional: EnvEntry[] = []
  const values = new Map<string, string>()
  while (!reader.done) {
    const found = reader.line(values)
    if (found?.kind === 'active') {
      entries.push(found.entry)
      values.set(found.entry.key, found.entry.value)
    } else if (found) optional.push(found.entry)
  }
  if (reader.errors.length > 0) throw new RecipeErrors(reader.errors)
  return { entries, optional, values }
}

class Reader {
  readonly errors: RecipeError[] = []
  readonly #text: string
  readonly #file: string
  #at = 0
  #line = 1

  constructor(text: string, file: string) {
    this.#text = text
    this.#file = file
  }

  get done(): boolean {
    return this.#at >= this.#text.length
  }

  /** Reads one line (or a value of several), and moves behind it. Undefined for blank lines, prose and errors. */
  line(values: ReadonlyMap<string, string>): { kind: 'active' | 'optional'; entry: EnvEntry } | undefined {
    const start = this.#at
    const end = this.#endOfLine(start)
    const indent = /[ \t]*/y
    indent.lastIndex = start
    const at = start + (indent.exec(this.#text)?.[0].length ?? 0)
    if (at >= end) return this.#next(end, undefined)
    const comment = this.#text[at] === '#'
    const bodyAt = comment ? this.#optionalStart(at) : at
    if (bodyAt === undefined) return this.#next(end, undefined)
    return this.#assignment({ at: bodyAt, start, end, comment, values })
  }

  #assignment(on: { at: number; start: number; end: number; comment: boolean; values: ReadonlyMap<string, string> }) {
    const { at, start, end, comment, values } = on
    const place: Place = { file: this.#file, line: this.#line, column: at - start + 1 }
    KEY.lastIndex = at
    const match = KEY.exec(this.#text.slice(0, end))
    if (!match?.[1]) return this.#next(end, this.#fail(place, 'is not a comment and not KEY=value'))
    const read = this.#value(KEY.lastIndex, end, comment)
    if (!read) {
      if (comment) return this.#next(end, undefined)
      return this.#next(end, this.#fail(place, `the value of ${match[1]} begins with a quote that is never closed`))
    }
    if (read.rest.trim() && !read.rest.trim().startsWith('#')) {
      if (comment) return this.#next(end, undefined)
      return this.#next(read.end, this.#fail(place, `"${read.rest.trim()}" stands behind the value of ${match[1]}`))
    }
    const value = read.literal ? read.text : expand(read.text, values)
    const entry: EnvEntry = { key: match[1], value, modifiers: modifiersOf(read.rest), place }
    return this.#next(read.end, { kind: comment ? ('optional' as const) : ('active' as const), entry })
  }

  /** Undefined: an opening quote without its end. `rest` is what follows the value on its line. */
  #value(at: number, end: number, oneLine: boolean) {
    const quote = this.#text[at]
    if (quote !== '"' && quote !== "'") return { ...bare(this.#text.slice(at, end)), end, literal: false }
    const close = this.#closing(at, oneLine ? end : this.#text.length)
    if (close === undefined) return undefined
    const after = this.#endOfLine(close)
    const raw = this.#text.slice(at + 1, close)
    const text = quote === "'" ? raw : unescaped(raw)
    return { text, rest: this.#text.slice(close + 1, after), end: after, literal: quote === "'" }
  }

  #closing(open: number, limit: number): number | undefined {
    const quote = this.#text[open]
    for (let i = open + 1; i < limit; i++) {
      if (this.#text[i] === '\\' && quote === '"') i++
      else if (this.#text[i] === quote) return i
    }
    return undefined
  }

  #optionalStart(at: number): number | undefined {
    OPTIONAL.lastIndex = at
    return OPTIONAL.test(this.#text.slice(0, this.#endOfLine(at))) ? OPTIONAL.lastIndex : undefined
  }

  #endOfLine(at: number): number {
    const end = this.#text.indexOf('\n', at)
    return end === -1 ? this.#text.length : end
  }

  #next<T>(end: number, result: T): T {
    this.#line += this.#text.slice(this.#at, end + 1).split('\n').length - 1
    this.#at = end + 1
    return result
  }

  #fail(where: Place, message: string): undefined {
    this.errors.push(
      new RecipeError('env-invalid', message, { where, hint: 'Write KEY=value, KEY="value" or a # comment.' }),
    )
    return undefined
  }
}

function bare(text: string): { text: string; rest: string } {
  const comment = /(^|[ \t])#/.exec(text)
  const value = comment ? text.slice(0, comment.index) : text
  return { text: value.trim(), rest: comment ? text.slice(comment.index).trim() : '' }
}

/** `\n` and `\r` become what they mean, other escaped characters themselves; `\$` is left for `expand`. */
function unescaped(text: string): string {
  return text.replace(/\\([\s\S])/g, (whole, char: string) => {
    if (char === 'n') return '\n'
    if (char === 'r') return '\r'
    return char === '$' ? whole : char
  })
}

/** Unknown names become nothing; `\$` and `$(` stay; only upper-case names are names. */
function expand(text: string, values: ReadonlyMap<string, string>): string {
  return text.replace(/\\\$|\$(?:\{([A-Z0-9_]+)\}|([A-Z0-9_]+))/g, (whole, braced?: string, plain?: string) => {
    const name = braced ?? plain
    return name === undefined ? whole.slice(1) : (values.get(name) ?? '')
  })
}

function modifiersOf(rest: string): ReadonlyMap<string, string> {
  const comment = rest.slice(rest.indexOf('#') + 1)
  const words = rest.includes('#') ? comment.split(/\s+/) : []
  return new Map(
    words.flatMap((word) => {
      const match = /^([A-Za-z_][\w-]*)=(.*)$/.exec(word)
      return match?.[1] ? [[match[1], match[2] ?? ''] as const] : []
    }),
  )
}
