import { stat } from 'node:fs/promises'
import { join, posix } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { type CcCiError, RecipeError, RecipeErrors } from '../../lib/errors.ts'
import { formatLocation, type SourceLocation } from '../../lib/text/source-location.ts'
import type { Finding } from '../../verdict/events.ts'
import { finding } from '../../verdict/findings.ts'
import { cast } from '../compose/cast.ts'
import { parseEnvFile } from '../compose/env-file.ts'
import { InterpolationProblem, interpolate } from '../compose/interpolate.ts'
import type { KeyedList } from '../compose/keyed-lists.ts'
import { mergeFiles, type OnLostEntry } from '../compose/merge.ts'
import { normalize } from '../compose/normalize.ts'
import { checkReferences } from '../compose/references.ts'
import { checkSchema, composeVersion } from '../compose/schema.ts'
import { type ComposeSource, type Data, type DataMap, isDataMap, parseCompose, pathKey } from '../compose/source.ts'
import { toModel } from '../compose/typed.ts'
import { readText } from '../files/text-file.ts'
import type { AppEnv, RecipeTree, ResolvedStack } from '../model.ts'

/** What the texts of a stack may hold together once variables are put in. */
const MOST_CHARACTERS = 4 * 1024 * 1024

/** A passphrase, or what somebody types; bytes. */
const SHORT_SECRET = 1024

/** Nobody reads more at once, and looking for what was meant takes its time. */
const MOST_ERRORS = 100

/**
 * The stack that this recipe deploys with this environment: the files of COMPOSE_FILE (default: compose.yml alone) interpolated,
 * checked, normalised and merged as `docker stack deploy` does. Throws RecipeErrors with everything that is wrong, each with
 * file, line and column; `shown` has other names for files that lie somewhere else than a person finds them. A variable without value and default is a finding, because deploying continues with an empty text.
 */
export async function resolveStack(
  tree: RecipeTree,
  env: AppEnv,
  shown: ReadonlyMap<string, string> = new Map(),
): Promise<ResolvedStack> {
  const work = new Resolving(tree, env, shown)
  const files = composeFiles(env)
  const sources = await work.read(files)
  const loaded: DataMap[] = []
  for (const source of sources) {
    // Whoever wants it to end is heard.
    await nextTurn()
    loaded.push(work.load(source))
  }
  await nextTurn()
  work.stopOnErrors()
  work.assertOneVersion(sources)
  const merged = mergeFiles(loaded, work.lost)
  await work.addEnvFiles(merged)
  await work.checkFiles(merged)
  checkReferences(merged, (path, message, hint, at) => work.fail(path, message, hint, at))
  work.stopOnErrors()
  return {
    model: toModel(merged),
    files,
    findings: work.findings,
    sources,
    templates: work.templates,
    mountedBytes: work.givenBytes,
    place: (path) => work.place(path),
  }
}

/** The compose files that an environment selects, in order, relative to the recipe. */
export function composeFiles(env: AppEnv): string[] {
  const files = (env.get('COMPOSE_FILE') ?? '')
    .split(':')
    .map((file) => file.trim())
    .filter(Boolean)
  const normal = files.map((file) => posix.normalize(file))
  return normal.length > 0 ? [...new Set(normal)] : ['compose.yml']
}

class Resolving {
  readonly findings: Finding[] = []
  readonly templates = new Map<string, { path: readonly string[]; text: string | null }>()
  readonly givenBytes = new Map<string, number>()
  readonly #errors: CcCiError[] = []
  readonly #places = new Map<string, SourceLocation>()
  readonly #tree: RecipeTree
  readonly #env: AppEnv
  readonly #shown: ReadonlyMap<string, string>
  #files = 1
  #first = 'compose.yml'
  #characters = 0
  #ports = 0

  constructor(tree: RecipeTree, env: AppEnv, shown: ReadonlyMap<string, string>) {
    this.#tree = tree
    this.#env = env
    this.#shown = shown
  }

  async read(files: readonly string[]): Promise<ComposeSource[]> {
    this.#files = files.length
    this.#first = files[0] ?? this.#first
    const errors: RecipeError[] = []
    const sources: ComposeSource[] = []
    for (const file of files) {
      const text = await this.#text(file)
      const source = text === null ? null : parseCompose(text, this.#shown.get(file) ?? file, errors)
      if (source) sources.push(source)
    }
    this.#errors.push(...errors)
    this.stopOnErrors()
    return sources
  }

  /** One file, interpolated, checked and normalised. Its places become those of the stack, over those of earlier files. */
  load(source: ComposeSource): DataMap {
    const fail = this.#failIn(source)
    const { version, ...rest } = source.data
    const data = this.#interpolate(rest, [], source) as DataMap
    // The CLI reads the version before it interpolates.
    if (version !== undefined) data.version = version
    const before = this.#errors.length
    checkSchema(data, fail)
    for (const [key, place] of source.places) this.#places.set(key, place)
    if (this.#errors.length > before) return {}
    return normalize(data, {
      report: fail,
      dropped: (path, message) => this.#dropped(path, message, placeIn(source, path)),
      moved: (path, from) => {
        const place = source.places.get(pathKey(from))
        if (place) this.#places.set(pathKey(path), place)
      },
      env: this.#env,
      portsMade: (count) => {
        this.#ports += count
        return this.#ports
      },
    })
  }

  /** The CLI refuses files of different versions, and a file without one speaks the newest. */
  assertOneVersion(sources: readonly ComposeSource[]): void {
    const [first, ...rest] = sources
    if (!first) return
    const wanted = composeVersion(first.data)
    for (const source of rest.filter(({ data }) => composeVersion(data) !== wanted)) {
      const said = (data: DataMap) => (typeof data.version === 'string' ? `"${data.version}"` : 'none')
      const message = `has version ${said(source.data)}, and ${first.file} has ${said(first.data)}`
      const hint = 'docker stack deploy refuses to merge them: write the same version: in both.'
      this.#failIn(source)(['version'], message, hint)
    }
    this.stopOnErrors()
  }

  /** What `env_file:` brings stands below `environment:`. */
  async addEnvFiles(merged: DataMap): Promise<void> {
    for (const [name, service] of Object.entries(asMap(merged.services))) {
      if (!isDataMap(service) || !Array.isArray(service.env_file)) continue
      const values: DataMap = {}
      for (const file of service.env_file.map(String)) {
        const text = await this.#recipeFile(file, ['services', name, 'env_file'])
        if (text !== null) Object.assign(values, parseEnvFile(text))
      }
      for (const [key, value] of Object.entries(values)) values[key] = value || (this.#env.get(key) ?? value)
      service.environment = { ...values, ...asMap(service.environment) }
      delete service.env_file
    }
  }

  /** An entry of a list that the CLI drops while it merges. */
  readonly lost: OnLostEntry = ({ service, list }, entry, winner) => {
    const path = ['services', service, list]
    const message = `loses ${shown(entry)} to ${shown(winner)}: docker stack deploy merges several files by ${KEY_WORDS[list]}`
    this.#dropped(path, message, this.place(path))
  }

  #dropped(path: readonly string[], message: string, where: SourceLocation | undefined): void {
    this.findings.push(finding('dropped', `${path.join('.')} ${message}`, at(where)))
  }

  async checkFiles(merged: DataMap): Promise<void> {
    for (const section of ['configs', 'secrets']) {
      for (const [name, entry] of Object.entries(asMap(merged[section]))) {
        if (isDataMap(entry) && entry.external) this.givenBytes.set(`${section}.${name}`, this.#longestSecret())
        if (!isDataMap(entry) || entry.external || typeof entry.file !== 'string') continue
        const path = [section, name, 'file']
        const text = await this.#recipeFile(entry.file, path)
        this.givenBytes.set(`${section}.${name}`, await sizeOf(join(this.#tree.dir, entry.file)))
        if (entry.template_driver) this.templates.set(`${section}.${name}`, { path, text })
      }
    }
  }

  /** What is made for a run is as long as `.env.sample` asks for; that is told of no secret by its key alone. */
  #longestSecret(): number {
    const lengths = [...this.#tree.env.entries, ...this.#tree.env.optional].map(({ modifiers }) =>
      Number(modifiers.get('length') ?? 0),
    )
    return Math.max(SHORT_SECRET, ...lengths.filter(Number.isFinite))
  }

  place(path: readonly string[]): SourceLocation | undefined {
    // With several files the positions of a merged list are those of no file.
    const index = this.#files > 1 ? path.findIndex((step) => /^\d+$/.test(step)) : -1
    const known = index === -1 ? path : path.slice(0, index)
    for (let length = known.length; length > 0; length--) {
      const place = this.#places.get(pathKey(known.slice(0, length)))
      if (place) return place
    }
    return undefined
  }

  fail(path: readonly string[], message: string, hint: string, at = path): void {
    this.#add(path, { message, hint, where: this.place(at) ?? { file: this.#first, line: 1 } })
  }

  stopOnErrors(): void {
    const errors = this.#errors.filter((error) => error instanceof RecipeError)
    if (errors.length > 0) throw new RecipeErrors(errors)
  }

  #failIn(source: ComposeSource) {
    return (path: readonly string[], message: string, hint: string) => {
      this.#add(path, { message, hint, where: placeIn(source, path) })
    }
  }

  #add(
    path: readonly string[],
    { message, hint, where }: { message: string; hint: string; where: SourceLocation | undefined },
  ): void {
    const subject = path.length > 0 ? `${path.join('.')} ` : ''
    this.#errors.push(new RecipeError('compose-invalid', `${subject}${message}`, { hint, ...(where ? { where } : {}) }))
    if (this.#errors.length >= MOST_ERRORS) this.stopOnErrors()
  }

  #interpolate(value: Data, path: string[], source: ComposeSource): Data {
    if (typeof value === 'string') return this.#interpolateText(value, path, source)
    if (Array.isArray(value)) return value.map((item, i) => this.#interpolate(item, [...path, String(i)], source))
    if (!isDataMap(value)) return value
    const result: DataMap = {}
    for (const [key, child] of Object.entries(value)) result[key] = this.#interpolate(child, [...path, key], source)
    return result
  }

  #interpolateText(text: string, path: string[], source: ComposeSource): Data {
    try {
      const result = interpolate(text, (name) => this.#env.get(name))
      this.#characters += result.text.length
      if (this.#characters > MOST_CHARACTERS)
        throw new InterpolationProblem(
          `brings the texts of the stack beyond ${MOST_CHARACTERS} characters, with the values of their variables`,
        )
      for (const name of new Set(result.undefinedNames)) this.#undefined(name, path, source)
      if (result.text === text) return text
      const typed = cast(path, result.text)
      if ('value' in typed) return typed.value
      this.#failIn(source)(
        path,
        typed.problem,
        'Give the variable a value of that kind in .env.sample, or a default here.',
      )
    } catch (error) {
      if (!(error instanceof InterpolationProblem)) throw error
      this.#failIn(source)(path, error.reason, `Use $NAME, \${NAME}, \${NAME:-default} or \${NAME:?message}.`)
    }
    return text
  }

  #undefined(name: string, path: readonly string[], source: ComposeSource): void {
    // A feature that .env.sample offers as a comment is meant to be empty until somebody turns it on.
    if (this.#tree.env.optional.some(({ key }) => key === name)) return
    const where = placeIn(source, path)
    const message = `${path.join('.')} uses ${name}, which has no value: an empty text takes its place`
    this.findings.push(finding('undefined-variable', message, at(where)))
  }

  async #text(file: string): Promise<string | null> {
    if (posix.isAbsolute(file) || file === '..' || file.startsWith('../')) {
      return this.#reject(
        this.#overlayError('overlay-outside', file, 'leads out of the recipe', 'Name a file of the recipe.'),
      )
    }
    try {
      const text = await readText(this.#tree.dir, file)
      if (text !== null) return text
      const hint = 'Add the file, or take its name out of COMPOSE_FILE.'
      return this.#reject(this.#overlayError('overlay-missing', file, 'does not exist', hint))
    } catch (error) {
      if (error instanceof RecipeError) return this.#reject(error)
      throw error
    }
  }

  /** Blames the line of `.env.sample` that names the file; a file named from elsewhere has no line. */
  #overlayError(code: string, file: string, problem: string, hint: string): RecipeError {
    const lines = this.#tree.env.entries.filter(
      ({ key, value }) => key === 'COMPOSE_FILE' && value.split(':').includes(file),
    )
    const where = lines[0]?.place ?? { file }
    return new RecipeError(code, `the compose file ${file} ${problem}`, { hint, where })
  }

  #reject(error: RecipeError): null {
    this.#errors.push(error)
    return null
  }

  async #recipeFile(file: string, path: string[]): Promise<string | null> {
    const inside = !posix.isAbsolute(file) && !posix.normalize(file).startsWith('../')
    try {
      const text = inside ? await readText(this.#tree.dir, file) : null
      if (text !== null) return text
      this.fail(
        path,
        inside ? `names ${file}, which does not exist` : `"${file}" leads out of the recipe`,
        'Name a file of the recipe.',
      )
    } catch (error) {
      if (!(error instanceof RecipeError)) throw error
      if (error.code !== 'file-not-text') this.fail(path, `names ${file}, which ${error.message}`, error.hint ?? '')
    }
    return null
  }
}

/** 0 where there is none: its reader reports that. */
async function sizeOf(file: string): Promise<number> {
  return (await stat(file).catch(() => null))?.size ?? 0
}

const KEY_WORDS: Readonly<Record<KeyedList, string>> = {
  ports: 'the published number alone',
  volumes: 'the target alone',
  secrets: 'the source alone',
  configs: 'the source alone',
}

/** An entry of a list in few words. */
function shown({ published, target, protocol, source }: DataMap): string {
  if (published !== undefined || protocol !== undefined)
    return `${published ?? 'an unpublished port'}:${target}/${protocol || 'tcp'}`
  return [source, target].filter(Boolean).join(':')
}

function placeIn(source: ComposeSource, path: readonly string[]): SourceLocation {
  for (let length = path.length; length > 0; length--) {
    const place = source.places.get(pathKey(path.slice(0, length)))
    if (place) return place
  }
  return { file: source.file, line: 1, column: 1 }
}

function asMap(value: Data | undefined): DataMap {
  return isDataMap(value) ? value : {}
}

function at(where: SourceLocation | undefined): { where?: string } {
  return where ? { where: formatLocation(where) } : {}
}
