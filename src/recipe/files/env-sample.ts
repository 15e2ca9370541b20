import { RecipeError, RecipeErrors } from '../../lib/errors.ts'
import type { SourceLocation } from '../../lib/text/source-location.ts'
import type { EnvEntry, EnvSample } from '../model.ts'

// godotenv 1.5, which the operators' client reads with. Its spaces are those of Latin-1, and none of them ends a line.
const SPACE = '[\\t\\v\\f\\r \\x85\\xa0]'
const KEY = new RegExp(`(?:export${SPACE}+)?([A-Za-z0-9_.]+)${SPACE}*[=:]${SPACE}*`, 'y')
const COMMENT = new RegExp(`^(.*${SPACE})#`)
const BLANK = new RegExp(SPACE)
const OPTIONAL = /#[#\s]*?(?=[A-Z][A-Z0-9_]*=)/y

/** What all values may hold together once variables are put in; more would be no environment that a program can be started with. */
const MOST_CHARACTERS = 1024 * 1024

/**
 * Parses `.env.sample` in the dialect of the operators' client: double quotes and bare values expand `$NAME` and `${NAME}` from
 * the lines above, single quotes are literal, quoted values may span lines, a comment behind a value may hold modifiers. Behind a bare
 * value only the last ` #` begins one. Throws RecipeErrors with every line that cannot be read (`env-invalid`).
 */
export function parseEnvSample(text: string, file = '.env.sample'): EnvSample {
  const reader = new Reader(text.replaceAll('\r\n', '\n'), file)
  const entries: EnvEntry[] = []
  const optional: EnvEntry[] = []
  const values = new Map<string, string>()
  for (let found = reader.next(values); found; found = reader.next(values)) {
    if (found.optional) optional.push(found.entry)
    else {
      entries.push(found.entry)
      values.set(found.entry.key, found.entry.value)
    }
  }
  if (reader.errors.length > 0) throw new RecipeErrors(reader.errors)
  return { entries, optional, values }
}

/** A value as it was read: where what follows it begins, and its comment. */
interface Value {
  readonly text: string
  readonly comment: string
  readonly end: number
}

class Reader {
  readonly errors: RecipeError[] = []
  readonly #text: string
  readonly #file: string
  #at = 0
  #line = 1
  #lineStart = 0
  #characters = 0

  constructor(text: string, file: string) {
    this.#text = text
    this.#file = file
  }

  /** The next assignment, or the next one that a comment offers; undefined at the end. What cannot be read is in `errors`. */
  next(values: ReadonlyMap<string, string>): { entry: EnvEntry; optional: boolean } | undefined {
    for (;;) {
      this.#moveTo(this.#at + (/^\s*/.exec(this.#text.slice(this.#at))?.[0].length ?? 0))
      if (this.#at >= this.#text.length) return undefined
      const optional = this.#text[this.#at] === '#'
      const entry = optional ? this.#offered(values) : this.#assignment(values)
      if (entry) return { entry, optional }
    }
  }

  #assignment(values: ReadonlyMap<string, string>): EnvEntry | undefined {
    const place = this.#place(this.#at)
    const key = this.#key(this.#at)
    if (!key) return this.#fail(place, 'is not a comment and not KEY=value')
    const value = this.#value(key.end, this.#text.length, values)
    if (!value) return this.#fail(place, `the value of ${key.name} begins with a quote that is never closed`)
    this.#moveTo(value.end)
    return { key: key.name, value: value.text, modifiers: modifiersOf(value.comment), place }
  }

  /** A commented assignment fills its line; anything else is prose. */
  #offered(values: ReadonlyMap<string, string>): EnvEntry | undefined {
    const end = this.#endOfLine(this.#at)
    OPTIONAL.lastIndex = this.#at
    const at = OPTIONAL.test(this.#text.slice(0, end)) ? OPTIONAL.lastIndex : end
    const place = this.#place(at)
    const key = this.#key(at)
    const value = key && key.end <= end ? this.#value(key.end, end, values) : undefined
    this.#moveTo(end)
    const rest = value ? this.#text.slice(value.end, end).trim() : ''
    if (!key || !value || rest) return undefined
    return { key: key.name, value: value.text, modifiers: modifiersOf(value.comment), place }
  }

  #key(at: number): { name: string; end: number } | undefined {
    KEY.lastIndex = at
    const name = KEY.exec(this.#text)?.[1]
    return name === undefined ? undefined : { name, end: KEY.lastIndex }
  }

  /** Undefined: an opening quote without its end before `limit`. */
  #value(at: number, limit: number, values: ReadonlyMap<string, string>): Value | undefined {
    const quote = this.#text[at]
    if (at < limit && (quote === '"' || quote === "'")) return this.#quoted(at, limit, values)
    const end = at + this.#text.slice(at, limit).search(/[\n\r]|$/)
    const line = this.#text.slice(at, end)
    const before = COMMENT.exec(line)?.[1]
    const text = withoutEdges(before ?? line)
    return { text: this.#expand(text, values), comment: before === undefined ? '' : line.slice(before.length), end }
  }

  #quoted(open: number, limit: number, values: ReadonlyMap<string, string>): Value | undefined {
    const quote = this.#text[open]
    for (let close = open + 1; close < limit; close++) {
      if (this.#text[close] !== quote || this.#text[close - 1] === '\\') continue
      const raw = this.#text.slice(open, close).replace(quote === '"' ? /^"+|"+$/g : /^'+|'+$/g, '')
      const text = quote === '"' ? this.#expand(unescaped(raw), values) : raw
      const rest = this.#text.slice(close + 1, this.#endOfLine(close))
      const comment = rest.trimStart().startsWith('#') ? rest : ''
      return { text, comment, end: close + 1 + comment.length }
    }
    return undefined
  }

  /** Unknown names become nothing; a brace or `(` of a name goes with it; only upper-case names are names. */
  #expand(text: string, values: ReadonlyMap<string, string>): string {
    const expanded = text.replace(/(\\)?\$\(?\{?([A-Z0-9_]+)?\}?/g, (whole, escaped?: string, name?: string) => {
      const piece = escaped ? whole.slice(1) : name === undefined ? whole : (values.get(name) ?? '')
      this.#count(piece)
      return piece
    })
    this.#count(text)
    return expanded
  }

  #count({ length }: string): void {
    this.#characters += length
    if (this.#characters <= MOST_CHARACTERS) return
    const message = `values are longer than ${MOST_CHARACTERS} characters together, with the variables in them`
    const hint = 'Each value that names another one holds a copy of it: keep them small.'
    throw new RecipeErrors([new RecipeError('env-invalid', message, { where: this.#place(this.#at), hint })])
  }

  #endOfLine(at: number): number {
    const end = this.#text.indexOf('\n', at)
    return end === -1 ? this.#text.length : end
  }

  #place(at: number): SourceLocation {
    return { file: this.#file, line: this.#line, column: at - this.#lineStart + 1 }
  }

  #moveTo(at: number): void {
    const breaks = this.#text.slice(this.#at, at).split('\n').length - 1
    this.#line += breaks
    if (breaks > 0) this.#lineStart = this.#text.lastIndexOf('\n', at - 1) + 1
    this.#at = at
  }

  /** Continues behind the line. */
  #fail(where: SourceLocation, message: string): undefined {
    this.errors.push(
      new RecipeError('env-invalid', message, { where, hint: 'Write KEY=value, KEY="value" or a # comment.' }),
    )
    this.#moveTo(this.#endOfLine(this.#at))
  }
}

/** By hand: a pattern would look at a run of blanks in the middle once from each of its places. */
function withoutEdges(text: string): string {
  let from = 0
  let to = text.length
  while (from < to && BLANK.test(text[from] ?? '')) from += 1
  while (to > from && BLANK.test(text[to - 1] ?? '')) to -= 1
  return text.slice(from, to)
}

/** `\n` and `\r` become what they mean, other escaped characters themselves; `\$` is left for `expand`. */
function unescaped(text: string): string {
  return text.replace(/\\([\s\S])/g, (whole, char: string) => {
    if (char === 'n') return '\n'
    if (char === 'r') return '\r'
    return char === '$' ? whole : char
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
