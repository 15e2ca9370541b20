import { type Document, isMap, isScalar } from 'yaml'
import { messageOf, type RecipeError } from '../lib/errors.ts'
import { parseBoundedYaml } from '../lib/files/bounded-yaml.ts'
import type { SourceLocation } from '../lib/text/source-location.ts'
import { invalid } from './invalid.ts'
import type { CustomFile } from './own-file.ts'
import { isMapping, type Path, type SettingsSource } from './source.ts'

const FUNCTION_HINT = 'YAML holds data only: a function can only be written in cc-ci.config.ts.'

const MAX_PROBLEMS = 10

/** Reads `cc-ci.yml`. What is wrong with it is in `errors`; nothing is thrown. */
export function readYaml({ side, file, shown }: CustomFile, text: string): SettingsSource {
  const parsed = parseBoundedYaml(text, {})
  const at = (offset: number): SourceLocation => {
    const { line, col } = parsed.lines.linePos(offset)
    return { file: shown, line, column: col }
  }
  const source = (data: Record<string, unknown>, errors: RecipeError[], places?: Places): SettingsSource => ({
    ...{ side, file, data, errors },
    valuePlace: (path) => places?.value(path) ?? { file: shown },
    keyPlace: (path) => places?.key(path) ?? { file: shown },
  })
  if ('tooMuch' in parsed) return source({}, [invalid(parsed.tooMuch, at(parsed.offset))])
  const { document, second } = parsed
  if (second !== null) return source({}, [invalid('holds a second document: settings are one', at(second))])
  try {
    const problems = [...document.errors, ...document.warnings]
    const errors = problems
      .slice(0, MAX_PROBLEMS)
      .map((problem) =>
        invalid(problem.message, at(problem.pos[0]), problem.code === 'TAG_RESOLVE_FAILED' ? FUNCTION_HINT : undefined),
      )
    if (errors.length > 0) return source({}, errors)
    const data: unknown = document.toJS({ maxAliasCount: 20 }) ?? {}
    if (!isMapping(data)) {
      return source({}, [invalid('the file must be a mapping of settings', { file: shown, line: 1, column: 1 })])
    }
    return source(data, [], new Places(document, at))
  } catch (error) {
    // Aliases that lead nowhere or multiply.
    return source({}, [invalid(messageOf(error), { file: shown })])
  }
}

class Places {
  readonly #document: Document
  readonly #at: (offset: number) => SourceLocation

  constructor(document: Document, at: (offset: number) => SourceLocation) {
    this.#document = document
    this.#at = at
  }

  value(path: Path): SourceLocation | undefined {
    for (let length = path.length; length > 0; length -= 1) {
      const node: unknown = this.#document.getIn(path.slice(0, length), true)
      const start = startOf(node)
      if (start !== undefined) return this.#at(start)
    }
    return undefined
  }

  key(path: Path): SourceLocation | undefined {
    const parent: unknown = path.length === 1 ? this.#document.contents : this.#document.getIn(path.slice(0, -1), true)
    const pair = isMap(parent)
      ? parent.items.find(({ key }) => isScalar(key) && String(key.value) === String(path.at(-1)))
      : undefined
    const start = startOf(pair?.key)
    return start === undefined ? this.value(path) : this.#at(start)
  }
}

function startOf(node: unknown): number | undefined {
  if (typeof node !== 'object' || node === null || !('range' in node)) return undefined
  return Array.isArray(node.range) ? Number(node.range[0]) : undefined
}
