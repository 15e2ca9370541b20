import { didYouMean } from '../../lib/text/did-you-mean.ts'
import { type Data, isDataMap } from './source.ts'

/** Receives every problem with its path, in the order of the file. */
export type Report = (path: readonly string[], message: string, hint: string) => void

/** Checks a value and everything below it. */
export type Shape = (value: Data, path: readonly string[], report: Report) => void

/** A value of one kind, described as in "must be …". */
export function kind(what: string, test: (value: Data) => boolean): Shape {
  return (value, path, report) => {
    if (!test(value)) report(path, `must be ${what}, but is ${describe(value)}`, `Write ${what} there.`)
  }
}

/** A mapping with known keys; `x-` keys are free where the schema of docker stack deploy lets them be, and all others where it is open. */
export function keys(
  known: Readonly<Record<string, Shape>>,
  options: { extensions?: boolean; open?: boolean; required?: readonly string[] } = {},
): Shape {
  const { extensions = false, open = false, required = [] } = options
  return (value, path, report) => {
    if (!isDataMap(value)) return notMapping(value, path, report)
    for (const name of required) {
      if (!Object.hasOwn(value, name)) report(path, `needs the key "${name}"`, `Add ${name}:.`)
    }
    for (const [name, child] of Object.entries(value)) {
      const shape = Object.hasOwn(known, name) ? known[name] : undefined
      if (shape) shape(child, [...path, name], report)
      else if (!open && !(extensions && name.startsWith('x-')))
        unknownKey(name, [...path, name], Object.keys(known), report)
    }
  }
}

function unknownKey(name: string, path: readonly string[], known: string[], report: Report): void {
  report(path, `has an unknown key "${name}"`, didYouMean(name, known).trim() || `Allowed here: ${known.join(', ')}.`)
}

function notMapping(value: Data, path: readonly string[], report: Report): void {
  report(path, `must be a mapping, but is ${describe(value)}`, 'Write keys and values there.')
}

/** A mapping with free names and values of one shape. */
export function names(shape: Shape, pattern = /^[a-zA-Z0-9._-]+$/): Shape {
  return (value, path, report) => {
    if (!isDataMap(value))
      return report(path, `must be a mapping, but is ${describe(value)}`, 'Write names and values there.')
    for (const [name, child] of Object.entries(value)) {
      if (!pattern.test(name)) report([...path, name], `has the name "${name}"`, `Names match ${pattern.source}.`)
      else shape(child, [...path, name], report)
    }
  }
}

export function list(shape: Shape, options: { unique?: boolean } = {}): Shape {
  return (value, path, report) => {
    if (!Array.isArray(value))
      return report(path, `must be a list, but is ${describe(value)}`, 'Write "- item" lines there.')
    const seen = new Set<string>()
    for (const [index, item] of value.entries()) {
      const text = JSON.stringify(item)
      const at = [...path, String(index)]
      if (options.unique && seen.has(text)) report(at, `repeats ${text}`, 'Remove one of the two.')
      seen.add(text)
      shape(item, at, report)
    }
  }
}

/** Chooses the shape by the form of the value: text, list or mapping. */
export function forms(shapes: { scalar?: Shape; list?: Shape; map?: Shape; null?: true }): Shape {
  return (value, path, report) => {
    if (value === null && shapes.null) return
    const shape = Array.isArray(value) ? shapes.list : isDataMap(value) ? shapes.map : shapes.scalar
    if (shape) return shape(value, path, report)
    const allowed = [shapes.scalar && 'a value', shapes.list && 'a list', shapes.map && 'a mapping']
      .filter(Boolean)
      .join(' or ')
    report(path, `must be ${allowed}, but is ${describe(value)}`, `Write ${allowed} there.`)
  }
}

function describe(value: Data): string {
  if (value === null) return 'empty'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'a mapping'
  return `${typeof value === 'string' ? 'the text' : typeof value === 'number' ? 'the number' : 'the boolean'} ${JSON.stringify(value)}`
}
