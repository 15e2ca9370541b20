import type { AnyNode, ArrayExpression, Expression, Function as FunctionNode, ObjectExpression, Property } from 'acorn'
import type { RecipeError } from '../../lib/errors.ts'
import type { SourceLocation } from '../../lib/text/source-location.ts'
import { invalid } from '../invalid.ts'
import { functionForm, SETTING_NAMES } from '../registry.ts'
import { FunctionValue, type Path } from '../source.ts'
import type { ParsedModule } from './module.ts'
import { type Binding, topLevelNames } from './scope.ts'

/** More values than any config has; constants that refer to constants could multiply without end. */
const MAX_VALUES = 5000

/** A value that could not be read; its error is already noted. */
export const UNREADABLE = Symbol('unreadable')

/** Reads literal values from the syntax tree. Nothing is run. */
export class StaticValues {
  readonly errors: RecipeError[] = []
  readonly values = new Map<string, SourceLocation>()
  readonly keys = new Map<string, SourceLocation>()
  readonly #module: ParsedModule
  readonly #names: ReadonlyMap<string, Binding>
  readonly #resolving = new Set<string>()
  #count = 0

  constructor(module: ParsedModule) {
    this.#module = module
    this.#names = topLevelNames(module.program)
  }

  binding(name: string): Binding | undefined {
    return this.#names.get(name)
  }

  placeOf(node: { loc?: AnyNode['loc'] }): SourceLocation {
    const start = node.loc?.start
    return { file: this.#module.shown, ...(start ? { line: start.line, column: start.column + 1 } : {}) }
  }

  read(node: Expression, path: Path): unknown {
    this.#count += 1
    if (this.#count > MAX_VALUES) {
      if (this.#count === MAX_VALUES + 1) this.#fail(node, `holds more than ${MAX_VALUES} values`)
      return UNREADABLE
    }
    this.values.set(keyOf(path), this.placeOf(node))
    switch (node.type) {
      case 'Literal':
        return node.regex || typeof node.value === 'bigint' ? this.#unreadable(node) : node.value
      case 'TemplateLiteral':
        return node.expressions.length === 0 ? node.quasis[0]?.value.cooked : this.#unreadable(node)
      case 'UnaryExpression':
        return this.#negative(node.operator, node.argument) ?? this.#unreadable(node)
      case 'ObjectExpression':
        return this.#object(node, path)
      case 'ArrayExpression':
        return this.#array(node, path)
      case 'ArrowFunctionExpression':
      case 'FunctionExpression':
        return this.#function(node)
      case 'Identifier':
        return this.#reference(node, node.name, path)
      case 'ParenthesizedExpression':
        return this.read(node.expression, path)
      default:
        return this.#unreadable(node)
    }
  }

  #negative(operator: string, argument: Expression): number | undefined {
    const value = argument.type === 'Literal' ? argument.value : undefined
    return operator === '-' && typeof value === 'number' ? -value : undefined
  }

  #object({ properties }: ObjectExpression, path: Path): Record<string, unknown> {
    const data: Record<string, unknown> = {}
    for (const property of properties) {
      const name = property.type === 'Property' ? nameOf(property) : undefined
      if (property.type !== 'Property' || name === undefined || property.kind !== 'init') {
        this.#unreadable(property)
        continue
      }
      const inner = [...path, name]
      if (Object.hasOwn(data, name)) this.#fail(property.key, `${inner.join('.')} is there twice`)
      this.keys.set(keyOf(inner), this.placeOf(property.key))
      const value = this.read(property.value, inner)
      // A plain assignment of `__proto__` would not make a key.
      if (value !== UNREADABLE)
        Object.defineProperty(data, name, { value, enumerable: true, configurable: true, writable: true })
    }
    return data
  }

  #array(node: ArrayExpression, path: Path): unknown[] {
    const values = node.elements.map((element, index) => {
      if (!element) return this.#fail(node, `${path.join('.')} has a hole: two commas with nothing between`)
      return element.type === 'SpreadElement' ? this.#unreadable(element) : this.read(element, [...path, index])
    })
    return values.filter((value) => value !== UNREADABLE)
  }

  #function(node: FunctionNode): FunctionValue {
    const rest = node.params.some(({ type }) => type === 'RestElement')
    const flaw = node.generator ? 'is a generator' : rest ? 'collects its parameters with ...' : null
    const params = node.params.map((param) => this.#text(param))
    return new FunctionValue(params, this.placeOf(node), flaw)
  }

  #reference(node: Expression, name: string, path: Path): unknown {
    const binding = this.#names.get(name)
    if (binding?.kind === 'function') return this.#function(binding.node)
    if (binding?.kind === 'import') {
      return this.#fail(node, `${name} is imported from "${binding.from}" and cannot be read here`, IMPORTED)
    }
    if (binding?.kind === 'changeable') {
      return this.#fail(node, `${name} is not a constant`, 'Declare it with const, with a literal value.')
    }
    if (binding === undefined || this.#resolving.has(name)) return this.#unreadable(node)
    this.#resolving.add(name)
    try {
      return this.read(binding.init, path)
    } finally {
      this.#resolving.delete(name)
    }
  }

  #unreadable(node: { start: number; end: number; loc?: AnyNode['loc'] }): typeof UNREADABLE {
    const text = this.#text(node).replace(/\s+/g, ' ')
    return this.#fail(node, `"${text.slice(0, 60)}" would have to be run to be known`, LITERALLY)
  }

  #fail(node: { loc?: AnyNode['loc'] }, message: string, hint?: string): typeof UNREADABLE {
    this.errors.push(invalid(message, this.placeOf(node), hint))
    return UNREADABLE
  }

  #text({ start, end }: { start: number; end: number }): string {
    return this.#module.text.slice(start, end)
  }
}

const IMPORTED =
  'This file is read without running it. Write the value here; wrap an imported function: (ctx) => imported(ctx).'

const LITERALLY = `This file is read without running it. Write the value literally (text, number, true, false, a list, a mapping, a top-level const), or as a function where one is allowed: ${SETTING_NAMES.filter(functionForm).join(', ')}.`

export function keyOf(path: Path): string {
  return JSON.stringify(path.map(String))
}

function nameOf({ key, computed }: Property): string | undefined {
  if (computed) return undefined
  if (key.type === 'Identifier') return key.name
  return key.type === 'Literal' && (typeof key.value === 'string' || typeof key.value === 'number')
    ? String(key.value)
    : undefined
}
