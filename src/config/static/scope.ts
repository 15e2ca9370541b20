import type { Expression, FunctionDeclaration, ModuleDeclaration, Program, Statement, VariableDeclaration } from 'acorn'

/** What a name at the top of the module stands for. */
export type Binding =
  | { readonly kind: 'const'; readonly init: Expression }
  | { readonly kind: 'function'; readonly node: FunctionDeclaration }
  | { readonly kind: 'import'; readonly from: string; readonly imported: string }
  | { readonly kind: 'changeable' }

/** The names at the top of the module. */
export function topLevelNames({ body }: Program): ReadonlyMap<string, Binding> {
  return new Map(body.flatMap(bindingsOf))
}

function bindingsOf(statement: Statement | ModuleDeclaration): [string, Binding][] {
  switch (statement.type) {
    case 'ExportNamedDeclaration':
      return statement.declaration ? bindingsOf(statement.declaration) : []
    case 'ImportDeclaration':
      return statement.specifiers.map((specifier) => [
        specifier.local.name,
        { kind: 'import', from: String(statement.source.value), imported: importedName(specifier) },
      ])
    case 'FunctionDeclaration':
      return [[statement.id.name, { kind: 'function', node: statement }]]
    case 'ClassDeclaration':
      return [[statement.id.name, { kind: 'changeable' }]]
    case 'VariableDeclaration':
      return variables(statement)
    default:
      return []
  }
}

function variables({ kind, declarations }: VariableDeclaration): [string, Binding][] {
  return declarations.flatMap(({ id, init }): [string, Binding][] => {
    if (id.type !== 'Identifier') return []
    return [[id.name, kind === 'const' && init ? { kind: 'const', init } : { kind: 'changeable' }]]
  })
}

function importedName(specifier: {
  type: string
  imported?: { type: string; name?: string; value?: unknown }
}): string {
  if (specifier.type === 'ImportDefaultSpecifier') return 'default'
  if (specifier.type === 'ImportNamespaceSpecifier') return '*'
  return specifier.imported?.name ?? String(specifier.imported?.value)
}
