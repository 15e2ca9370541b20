// cspell:ignore urlquery sdvt
import type { ComposeModel, ResolvedStack } from '../model.ts'

/** A template of the recipe's that the engine may not be asked to fill in. */
export interface TemplateProblem {
  /** In the model. */
  readonly path: readonly string[]
  readonly detail: string
}

/** What the engine reads inside of `{{ }}`. */
const TOKEN =
  /\s+|"(?:\\.|[^"\\\n])*"|`[^`]*`|'(?:\\.|[^'\\\n])*'|[A-Za-z_]\w*|\$\w*(?:\.[A-Za-z_]\w*)*|(?:\.[A-Za-z_]\w*)+|\d[\w.]*|\}\}|[-|(),.=:]/y

/** With these alone a template does one step after the other. */
const WORDS =
  'if else end with env secret config eq ne lt le gt ge and or not len index slice print println printf html urlquery true false nil'.split(
    ' ',
  )
/** Formats whose result is as long as what is put in. */
const PLAIN_FORMAT = /^["`](?:[^%\\]|%[sdvt%]|\\["\\nrt])*["`]$/
/** Values that one template may name. */
const MOST_VALUES = 500
/** Brackets within brackets: an engine reads each in the one around it, and ends as a whole where they are too deep. */
const MOST_DEPTH = 50
/** What is given under a name: a variable, the dot, a field, or what a function looks up. */
const VALUE = /^(?:\$.*|\..*|env|secret|config)$/
const NAMED = /^(?:\$.*|\.)$/
/** Names and numbers that the engine has for each task, which are short. */
const SHORT = /^\$?\.(?:(?:Node|Service|Task)\.(?:ID|Name|Hostname|Slot)|Node\.Platform\.(?:Architecture|OS))$/
/** Functions that write some characters as several. Once more, and each of these becomes longer again, by this many characters at most. */
const ESCAPES: readonly string[] = ['html', 'urlquery']
const ESCAPED = 6

/**
 * Templates that the engine is to fill in for each task: configs and secrets with a `template_driver`, and what Swarm looks for them in. It does so in its own process and
 * without a bound: a template that calls itself keeps it busy, or takes its memory, forever.
 */
export function templateProblems({ model, templates = new Map() }: ResolvedStack): TemplateProblem[] {
  const files = [...templates.values()].map(({ path, text }) => ({ path, text }))
  return [...files, ...filledIn(model)].flatMap(({ path, text }) => {
    const problem = text === null ? 'is no text' : templateProblem(text)
    return problem === null ? [] : [{ path, detail: `the template at ${path.join('.')} ${problem}` }]
  })
}

/** Texts in which Swarm looks for templates (`docker service create`, "Create services using templates"); names are judged as names. */
function filledIn({ services, volumes }: ComposeModel): { path: string[]; text: string }[] {
  const ofServices = Object.entries(services).flatMap(([service, { environment = {}, volumes: mounts = [] }]) =>
    [
      ...Object.entries(environment).map(([name, value]) => ({
        path: ['environment', name],
        text: `${name}=${value}`,
      })),
      ...mounts.map(({ target }, index) => ({ path: ['volumes', String(index)], text: target ?? '' })),
    ].map(({ path, text }) => ({ path: ['services', service, ...path], text })),
  )
  const ofVolumes = Object.entries(volumes).map(([key, { labels, driver_opts: options }]) => ({
    path: ['volumes', key],
    text: JSON.stringify([labels, options] as unknown).replaceAll('\\"', '"'),
  }))
  return [...ofServices, ...ofVolumes].filter(({ text }) => text.includes('{{'))
}

/** What is wrong with a template, or null. */
export function templateProblem(text: string): string | null {
  const actions = actionsOf(text)
  if (actions === null) return 'cannot be read'
  const problem = actions.map(actionProblem).find((found) => found !== null)
  if (problem !== undefined) return problem
  const values = actions.flat().filter((token) => VALUE.test(token)).length
  return values > MOST_VALUES ? `names ${values} values; it may name ${MOST_VALUES}` : null
}

/** What stands in for a token, at most; bytes. `context`: for a field of the task, and for all of them. */
export interface ValueSizes {
  readonly env: number
  readonly secret: number
  readonly config: number
  readonly context: number
}

/** A template without a problem becomes at most so many bytes. */
export function filledBytes(text: string, sizes: ValueSizes): number {
  const actions = actionsOf(text) ?? []
  const length = Buffer.byteLength(text)
  const given = (tokens: readonly string[]) => tokens.filter((token) => VALUE.test(token) && !SHORT.test(token))
  const sizeOf = (token: string) => sizes[/^[$.]/.test(token) ? 'context' : (token as 'env' | 'secret' | 'config')]
  const bindings = actions.filter(isBinding).flat()
  // No action is done twice, and each takes one variable: what one holds is at most all that was ever put into any.
  const put = given(bindings).reduce((sum, token) => sum + sizeOf(token), length) * growth(bindings)
  const bound = bindings.length > 0 ? put : 0
  return actions.reduce((sum, tokens) => {
    const named = given(tokens).map((token) => Math.max(sizeOf(token), NAMED.test(token) ? bound : 0))
    return sum + named.reduce((all, size) => all + size, Buffer.byteLength(tokens.join(' '))) * growth(tokens)
  }, length)
}

function growth(tokens: readonly string[]): number {
  return 1 + ESCAPED * tokens.filter((token) => ESCAPES.includes(token)).length
}

function isBinding(tokens: readonly string[]): boolean {
  return tokens.includes('with') || tokens.includes('=')
}

/** A variable that a template looks up by a name that is written there, and where its `{{` stands. */
export interface LookedUp {
  readonly name: string
  readonly offset: number
}

/** `env "NAME"` and `"NAME" | env`, in their order; null where the template cannot be read. A name that is computed is left out. */
export function variablesLookedUp(text: string): LookedUp[] | null {
  const actions = readActions(text)
  return actions?.flatMap(({ tokens, offset }) => namesIn(tokens).map((name) => ({ name, offset }))) ?? null
}

function namesIn(tokens: readonly string[]): string[] {
  return tokens.flatMap((token, index) => {
    if (token !== 'env') return []
    const [beforeThat = '', before = '', after = ''] = [tokens[index - 2], tokens[index - 1], tokens[index + 1]]
    const literal = /^(?:"([^"\\]+)"|`([^`]+)`)$/.exec(before === '|' ? beforeThat : after)
    const name = literal?.[1] ?? literal?.[2]
    return name === undefined ? [] : [name]
  })
}

/** One `{{ }}`. */
interface Action {
  readonly tokens: readonly string[]
  /** Of its `{{`. */
  readonly offset: number
}

function actionsOf(text: string): (readonly string[])[] | null {
  return readActions(text)?.map(({ tokens }) => tokens) ?? null
}

/** Each `{{ }}` that is no comment; null where Go would find no end, or something else than is known here. */
function readActions(text: string): Action[] | null {
  const actions: Action[] = []
  for (let at = text.indexOf('{{'); at !== -1; at = text.indexOf('{{', at)) {
    const comment = /\{\{(?:- )?\/\*[\s\S]*?\*\/(?: -)?\}\}/y
    comment.lastIndex = at
    if (comment.test(text)) {
      at = comment.lastIndex
      continue
    }
    const read = tokensOf(text, at + 2)
    if (read === null) return null
    actions.push({ tokens: read.tokens, offset: at })
    at = read.end
  }
  return actions
}

/** Up to the `}}`. */
function tokensOf(text: string, from: number): { tokens: string[]; end: number } | null {
  const tokens: string[] = []
  TOKEN.lastIndex = from
  for (let found = TOKEN.exec(text); found; found = TOKEN.exec(text)) {
    const [token] = found
    if (token === '}}') return { tokens, end: TOKEN.lastIndex }
    if (token.trim() !== '') tokens.push(token)
  }
  return null
}

function actionProblem(tokens: readonly string[]): string | null {
  const strange = tokens.find((token) => /^[A-Za-z_]/.test(token) && !WORDS.includes(token))
  if (strange !== undefined) return `uses "${strange}", with which the engine may never come to an end`
  for (const [index, token] of tokens.entries())
    if (token === 'printf' && !PLAIN_FORMAT.test(tokens[index + 1] ?? '')) return 'has a format that makes texts longer'
  if (depthOf(tokens) > MOST_DEPTH) return `has more than ${MOST_DEPTH} brackets within each other`
  // A value that is made of a value twice is twice as long; thirty times over it is larger than any memory.
  const named = tokens.filter((token) => NAMED.test(token) && !SHORT.test(token)).length
  const own = tokens.includes('=') ? 1 : 0
  return isBinding(tokens) && named - own > 1 ? 'makes one value of several' : null
}

function depthOf(tokens: readonly string[]): number {
  let [depth, most] = [0, 0]
  for (const token of tokens) {
    depth += token === '(' ? 1 : token === ')' ? -1 : 0
    most = Math.max(most, depth)
  }
  return most
}
