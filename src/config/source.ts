import type { RecipeError } from '../lib/errors.ts'
import type { SourceLocation } from '../lib/text/source-location.ts'

/** Whose file it is: that of the recipe repository, or of the operator's folder. */
export type CodeSide = 'recipe' | 'operator'

export type Path = readonly PropertyKey[]

/** A settings file as it was read, not yet checked against the registry. */
export interface SettingsSource {
  readonly side: CodeSide
  /** Its path inside that side's folder. */
  readonly file: string
  /** May hold FunctionValue where a function stands. */
  readonly data: Readonly<Record<string, unknown>>
  /** Where the value of a path stands; the nearest known parent when the exact one is not known. */
  valuePlace(path: Path): SourceLocation
  /** Where the key at the end of a path stands. */
  keyPlace(path: Path): SourceLocation
  readonly errors: readonly RecipeError[]
}

/** A function in `cc-ci.config.ts`: seen, never run. */
export class FunctionValue {
  /** As written: names or patterns. */
  readonly params: readonly string[]
  readonly where: SourceLocation
  /** Why it cannot be called the way that cc-ci calls one; null when it can. */
  readonly flaw: string | null

  constructor(params: readonly string[], where: SourceLocation, flaw: string | null) {
    this.params = params
    this.where = where
    this.flaw = flaw
  }

  toJSON(): string {
    return `(${this.params.join(', ')}) => …`
  }
}

export function valueAt(data: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (value, key) =>
      value && typeof value === 'object' && Object.hasOwn(value, key)
        ? (value as Record<PropertyKey, unknown>)[key]
        : undefined,
    data,
  )
}

export function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof FunctionValue)
}
