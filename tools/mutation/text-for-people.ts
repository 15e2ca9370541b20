type Tree = { readonly type: string } & Record<string, unknown>

/** What the mutator shows of a place in a syntax tree (a path of Babel's); as much of it as is asked here. */
interface Place {
  readonly node: Tree
  readonly parent: Tree | null
}

const TEXTS_OF_A_CAUSE = ['what', 'why', 'todo']

/**
 * Why a place is not mutated, or undefined when it is. A text for people may be worded otherwise without any verdict changing, so its words are
 * left alone: strings with a space in them, the columns of the table of causes, descriptions of fields. Codes, kinds, names, templates with values
 * in them and conditions inside a text are mutated.
 */
function shouldIgnore({ node, parent }: Place): string | undefined {
  openTables(node)
  if (node.type === 'StringLiteral' && /\s/.test(String(node.value))) return 'text for people'
  if (parent?.type === 'ObjectProperty' && TEXTS_OF_A_CAUSE.includes(nameOf(parent.key))) return 'text of a cause'
  const callee = parent?.type === 'CallExpression' ? parent.callee : undefined
  if (isTree(callee) && callee !== node && nameOf(callee.property) === 'meta') return 'description of a field'
  return undefined
}

/**
 * Stryker takes `as const` for a type and leaves alone all that it stands behind: the tables of tiers, causes, evidence. Here the words
 * `as const` are taken away in the copy before it comes to them; the tests run the copy without its types.
 */
function openTables(node: Tree): void {
  for (const [key, child] of Object.entries(node)) {
    if (isTree(child)) node[key] = opened(child)
    else if (Array.isArray(child))
      for (const [index, item] of child.entries()) if (isTree(item)) child[index] = opened(item)
  }
}

function opened(node: Tree): Tree {
  const type = node.type === 'TSAsExpression' && isTree(node.typeAnnotation) ? node.typeAnnotation.typeName : undefined
  return nameOf(type) === 'const' && isTree(node.expression) ? node.expression : node
}

function isTree(value: unknown): value is Tree {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string'
}

function nameOf(node: unknown): string {
  return isTree(node) && typeof node.name === 'string' ? node.name : ''
}

export const strykerPlugins = [{ kind: 'Ignore', name: 'text-for-people', value: { shouldIgnore } }]
