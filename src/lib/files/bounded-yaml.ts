import {
  Composer,
  type Document,
  type DocumentOptions,
  isScalar,
  Lexer,
  LineCounter,
  type ParseOptions,
  Parser,
  type SchemaOptions,
  visit,
  YAMLParseError,
} from 'yaml'
import { InternalError } from '../errors.ts'

/** What a text written by strangers may be, as YAML. */
const YAML_BOUNDS = {
  /** Mappings and lists within each other. */
  depth: 100,
  /** Values, keys, mappings and lists. */
  nodes: 50_000,
} as const

/** A document, or why it is not read; `offset` is where in the text. */
export type BoundedYaml =
  | { readonly document: Document.Parsed; readonly lines: LineCounter; readonly second: number | null }
  | { readonly tooMuch: string; readonly offset: number; readonly lines: LineCounter }

type Token = NonNullable<ReturnType<Parser['stack']['at']>>

/**
 * Parses the first document of a text in time that grows with the text alone: depth and number of nodes are looked at before anything is composed,
 * and keys that repeat are found by a set (the library compares each with each). Repeated keys are in `errors`, as the library has them.
 * `second`: where another document begins.
 */
export function parseBoundedYaml(text: string, options: ParseOptions & DocumentOptions & SchemaOptions): BoundedYaml {
  const lines = new LineCounter()
  const parser = new Parser(lines.addNewLine)
  const tokens: Token[] = []
  lines.addNewLine(0)
  for (const lexeme of new Lexer().lex(text)) {
    tokens.push(...parser.next(lexeme))
    if (parser.stack.length > YAML_BOUNDS.depth)
      return { tooMuch: 'is nested too deeply to be read', offset: parser.offset, lines }
  }
  tokens.push(...parser.end())
  if (nodesIn(tokens) > YAML_BOUNDS.nodes)
    return { tooMuch: `holds more than ${YAML_BOUNDS.nodes} values`, offset: 0, lines }
  const composer = new Composer({ ...options, prettyErrors: false, uniqueKeys: false })
  const [document, second] = composer.compose(tokens, true, text.length)
  if (!document) throw new InternalError('yaml-without-document', 'the YAML library gave no document')
  document.errors.push(...repeatedKeys(document as Document.Parsed))
  return { document: document as Document.Parsed, lines, second: second?.range[0] ?? null }
}

/** Not by recursion, and no further than it matters. */
function nodesIn(tokens: readonly Token[]): number {
  const open = [...tokens]
  let nodes = 0
  for (let next = open.pop(); next && nodes <= YAML_BOUNDS.nodes; next = open.pop()) {
    nodes += 1
    if ('value' in next && next.value) open.push(next.value)
    for (const { key, value } of 'items' in next ? next.items : [])
      open.push(...[key, value].filter((one) => one != null))
  }
  return nodes
}

function repeatedKeys(document: Document.Parsed): YAMLParseError[] {
  const errors: YAMLParseError[] = []
  visit(document, {
    Map(_, { items }) {
      const seen = new Set<unknown>()
      for (const { key } of items) {
        if (!isScalar(key)) continue
        const [from, to] = key.range ?? [0, 0]
        if (seen.has(key.value)) errors.push(new YAMLParseError([from, to], 'DUPLICATE_KEY', 'Map keys must be unique'))
        seen.add(key.value)
      }
    },
  })
  return errors
}
