import { z } from 'zod'
import type { RecipeError } from '../lib/errors.ts'
import type { SourceLocation } from '../lib/text/source-location.ts'
import { duration } from './formats.ts'
import { invalid } from './invalid.ts'
import { settingOf, unknownSetting } from './names.ts'
import { functionForm, SETTING_NAMES, type SettingName, settingRow } from './registry.ts'
import type { FunctionForm } from './row.ts'
import { type CodeSide, FunctionValue, isMapping, type Path, type SettingsSource, valueAt } from './source.ts'

/** A function of a `cc-ci.config.ts`, found without running anything. */
export interface FunctionRef {
  /** Dotted setting: `hooks.preBackup`. */
  readonly name: string
  readonly side: CodeSide
  /** Path of its file inside that side's folder. */
  readonly file: string
  readonly where: SourceLocation
  readonly params: readonly string[]
  readonly timeoutMs: number
  /** `continue`: when its time is over the run continues as if it were not there. */
  readonly onTimeout: 'fail' | 'continue'
}

/** As far as one file knows it: the default timeout is a setting of its own. */
export type FoundFunction = Omit<FunctionRef, 'timeoutMs'> & { readonly timeoutMs: number | null }

export interface SplitSettings {
  /** The data alone. */
  readonly data: Readonly<Record<string, unknown>>
  readonly functions: readonly FoundFunction[]
  readonly errors: readonly RecipeError[]
  /** Paths that already have an error: their data need not be judged as well. */
  readonly judged: readonly Path[]
}

const optionsShape = z.strictObject({
  run: z.unknown(),
  timeout: duration.optional(),
  onTimeout: z.enum(['fail', 'continue']).default('fail'),
})

/** Parts the functions of a file from its data, and checks that each stands where one may and takes what it will be given. */
export function splitFunctions(source: SettingsSource): SplitSettings {
  const splitter = new Splitter(source)
  for (const name of SETTING_NAMES) splitter.take(name)
  splitter.rest()
  return splitter
}

class Splitter implements SplitSettings {
  readonly data: Record<string, unknown>
  readonly functions: FoundFunction[] = []
  readonly errors: RecipeError[] = []
  readonly judged: Path[] = []
  readonly #source: SettingsSource

  constructor(source: SettingsSource) {
    this.#source = source
    this.data = Object.fromEntries(
      Object.entries(source.data).map(([key, value]) => [key, isMapping(value) ? { ...value } : value]),
    )
  }

  take(name: SettingName): void {
    const path = name.split('.')
    const value = valueAt(this.data, path)
    const form = functionForm(name)
    if (value === undefined || !form) return
    if (value instanceof FunctionValue) this.#add(name, form, value)
    else if (isMapping(value) && value.run instanceof FunctionValue) this.#addWithOptions(name, form, value)
    else if (settingRow(name).schema) return
    else this.#fail(path, `${name} is a function; found ${JSON.stringify(value).slice(0, 80)}`, onlyInTypeScript(form))
    remove(this.data, path)
  }

  /** What no setting has taken: functions where data is due, and names below a group that has no data. */
  rest(): void {
    if (this.data.hooks !== undefined) {
      const { hooks } = this.data
      if (!isMapping(hooks)) this.#fail(['hooks'], `hooks is a mapping; found ${JSON.stringify(hooks)}`)
      else
        for (const key of Object.keys(hooks))
          this.errors.push(unknownSetting(['hooks', key], this.#source.keyPlace(['hooks', key])))
      delete this.data.hooks
    }
    this.#misplaced(this.data, [])
  }

  #misplaced(value: unknown, path: Path): void {
    if (value instanceof FunctionValue) {
      // Below an unknown name the name is the mistake.
      if (settingOf(path))
        this.#fail(path, `${path.join('.')} is data, not a function`, `Functions are allowed for: ${MAY_BE_FUNCTIONS}.`)
    } else if (typeof value === 'object' && value !== null) {
      for (const [key, inner] of Object.entries(value)) this.#misplaced(inner, [...path, key])
    }
  }

  #add(name: SettingName, form: FunctionForm, value: FunctionValue, options: Partial<FoundFunction> = {}): void {
    const { params, where, flaw } = value
    const takes = `${name} is called with (${form.params.join(', ')})`
    if (flaw) this.#failAt(where, `${takes}; this function ${flaw}`)
    else if (params.length > form.params.length) {
      this.#failAt(where, `${takes}; found (${params.join(', ')})`, 'What it needs besides is in ctx.')
    }
    const { side, file } = this.#source
    this.functions.push({ name, side, file, where, params, timeoutMs: null, onTimeout: 'fail', ...options })
  }

  #addWithOptions(name: SettingName, form: FunctionForm, value: Record<string, unknown>): void {
    const path = name.split('.')
    const parsed = optionsShape.safeParse(value)
    if (parsed.success) {
      const { timeout = null, onTimeout } = parsed.data
      this.#add(name, form, value.run as FunctionValue, { timeoutMs: timeout, onTimeout })
      return
    }
    for (const { path: inner, message } of parsed.error.issues) {
      this.#fail([...path, ...inner], `${[...path, ...inner].join('.')}: ${message}`, OPTIONS)
    }
  }

  #fail(path: Path, message: string, hint?: string): void {
    this.judged.push(path)
    this.#failAt(this.#source.valuePlace(path), message, hint)
  }

  #failAt(where: SourceLocation, message: string, hint?: string): void {
    this.errors.push(invalid(message, where, hint))
  }
}

const OPTIONS = "Allowed: { run, timeout?: a duration such as '2m', onTimeout?: 'fail' or 'continue' }."
const MAY_BE_FUNCTIONS = SETTING_NAMES.filter(functionForm).join(', ')

function onlyInTypeScript({ params }: FunctionForm): string {
  return `Write it in cc-ci.config.ts: (${params.join(', ')}) => { … }, or { run, timeout, onTimeout }.`
}

function remove(data: Record<string, unknown>, [first, second]: readonly string[]): void {
  const inner = data[first ?? '']
  if (second === undefined) delete data[first ?? '']
  else if (isMapping(inner)) delete inner[second]
}
