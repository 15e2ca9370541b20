/** What a mutator of syntax trees (Babel's paths) shows of a place; as much of it as is asked here. */
interface Place {
  readonly node: { readonly type: string; readonly value?: unknown; readonly property?: { readonly name?: string } }
  readonly parent: {
    readonly type: string
    readonly callee?: Place['node']
    readonly key?: { readonly name?: string }
  } | null
}

const TEXTS_OF_A_CAUSE = ['what', 'why', 'todo']

/**
 * Why a place is not mutated, or undefined when it is. A text for people may be worded otherwise without any verdict changing, so its words are
 * left alone: strings with a space in them, the columns of the table of causes, descriptions of fields. Codes, kinds, names, templates with values
 * in them and conditions inside a text are mutated.
 */
function shouldIgnore({ node, parent }: Place): string | undefined {
  if (node.type === 'StringLiteral' && /\s/.test(String(node.value))) return 'text for people'
  if (parent?.type === 'ObjectProperty' && TEXTS_OF_A_CAUSE.includes(parent.key?.name ?? '')) return 'text of a cause'
  if (parent?.type === 'CallExpression' && parent.callee !== node && parent.callee?.property?.name === 'meta')
    return 'description of a field'
  return undefined
}

export const strykerPlugins = [{ kind: 'Ignore', name: 'text-for-people', value: { shouldIgnore } }]
