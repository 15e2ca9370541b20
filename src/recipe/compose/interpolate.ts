/** What one text came to, and which names it used that had no value and no default. */
export interface Interpolation {
  readonly text: string
  readonly undefinedNames: readonly string[]
}

/** A text that cannot be interpolated; `reason` says which part and why. */
export class InterpolationProblem extends Error {
  readonly reason: string
  constructor(reason: string) {
    super(reason)
    this.reason = reason
  }
}

// docker/cli cli/compose/template/template.go: names are case-insensitive, an operator and its word may follow without braces,
// and a word ends at the first `}`, so that defaults do not nest.
const PATTERN =
  /\$(?:(?<escaped>\$)|(?<named>[_a-z][_a-z0-9]*(?::?[-?][^}]*)?)|\{(?<braced>[_a-z][_a-z0-9]*(?::?[-?][^}]*)?)\}|(?<invalid>))/giy

/** The same without braces: behind the last `}` of a text none is closed, and looking for its end from each `$` would take time with the square. */
const WITHOUT_BRACES = /\$(?:(?<escaped>\$)|(?<named>[_a-z][_a-z0-9]*(?::?[-?][^}]*)?)|(?<invalid>))/giy

/** One text may grow to so much, which is more than any program gets in one variable. */
const MOST_CHARACTERS = 1024 * 1024

/**
 * Interpolates a text as `docker stack deploy` does: `$V ${V} ${V:-d} ${V-d} ${V:?e} ${V?e} $$`. A name without value becomes
 * nothing and is reported. Throws InterpolationProblem for `:?`/`?` without value and for anything else behind a `$`; the
 * `+` operator of docker compose is among that, because deploying with it fails.
 */
export function interpolate(text: string, lookup: (name: string) => string | undefined): Interpolation {
  const undefinedNames: string[] = []
  const pieces: string[] = []
  let length = 0
  const add = (piece: string) => {
    length += piece.length
    if (length > MOST_CHARACTERS)
      throw new InterpolationProblem(
        `becomes longer than ${MOST_CHARACTERS} characters with the values of its variables`,
      )
    pieces.push(piece)
  }
  let at = 0
  for (const { index, 0: whole, groups = {} } of dollarsIn(text)) {
    add(text.slice(at, index))
    at = index + whole.length
    const substitution = groups.named || groups.braced
    if (groups.escaped) add('$')
    else if (!substitution) throw new InterpolationProblem(invalidReason(text, index))
    else add(substitute(substitution, lookup, undefinedNames))
  }
  add(text.slice(at))
  return { text: pieces.join(''), undefinedNames }
}

/** Everything that begins with a `$`, in order. */
function* dollarsIn(text: string): Generator<RegExpExecArray> {
  const closed = text.lastIndexOf('}')
  for (let at = text.indexOf('$'); at !== -1; at = text.indexOf('$', at)) {
    const pattern = at < closed ? PATTERN : WITHOUT_BRACES
    pattern.lastIndex = at
    const found = pattern.exec(text)
    if (!found) return
    at += found[0].length
    yield found
  }
}

/** The names a text refers to, with whether each has a default (`word`) or a demand of its own. */
export function variablesOf(text: string): { name: string; operator: string; word: string; braces: boolean }[] {
  return [...dollarsIn(text)].flatMap(({ groups }) => {
    const substitution = groups?.named || groups?.braced
    if (!substitution) return []
    const [, name = '', operator = '', word = ''] = /^(\w+?)(:-|-|:\?|\?|$)(.*)/s.exec(substitution) ?? []
    return [{ name, operator, word, braces: Boolean(groups?.braced) }]
  })
}

/** The operators in the order the CLI looks for them anywhere in the substitution, which decides odd cases such as `${A-b:-c}`. */
function substitute(
  substitution: string,
  lookup: (name: string) => string | undefined,
  undefinedNames: string[],
): string {
  for (const operator of [':-', '-', ':?', '?']) {
    const at = substitution.indexOf(operator)
    if (at === -1) continue
    const name = substitution.slice(0, at)
    const word = substitution.slice(at + operator.length)
    const value = lookup(name)
    const usable = operator.startsWith(':') ? value : value !== undefined
    if (usable) return value ?? ''
    if (operator.endsWith('-')) return word
    throw new InterpolationProblem(`the required variable ${name} has no value${word ? `: ${word}` : ''}`)
  }
  const value = lookup(substitution)
  if (value === undefined) undefinedNames.push(substitution)
  return value ?? ''
}

function invalidReason(text: string, at: number): string {
  const rest = text.slice(at)
  const plus = /^\$\{\w+:?\+[^}]*\}/.exec(rest)
  if (plus) return `${plus[0]}: docker stack deploy has no + operator`
  const sample = /^\$(\{[^}]{0,20}\}?|.{0,8})/.exec(rest)?.[0] ?? '$'
  return `"${sample}" is not a variable; write $$ for a plain $`
}
