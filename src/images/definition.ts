import { createHash } from 'node:crypto'

/** Builds a file or folder of a build context. */
type ContextMaker = (folder: string) => Promise<void>

/** How an image is made from Debian packages and the package registries' released binaries. */
export interface ImageDefinition {
  /** What people and recipes call it: `cc-ci-fixtures/nginx:1.22.1`. */
  readonly tag: string
  /** The image it stands on; null for `FROM scratch` and for the base, which is imported. */
  readonly from: ImageDefinition | null
  /** Everything after FROM. */
  readonly steps: readonly string[]
  /** Text files of the build context, by name. */
  readonly files?: Readonly<Record<string, string>>
  /** Fills the build context with what is not text; `key` says what that is (name and version). */
  readonly fetch?: { readonly key: string; readonly into: ContextMaker }
  readonly labels?: Readonly<Record<string, string>>
  /** Instead of a Dockerfile: makes the image itself and tags it with the given tags. */
  readonly make?: {
    readonly key: string
    readonly run: (tags: readonly string[], labels: readonly string[]) => Promise<void>
  }
}

/** Twelve hex digits over everything that goes into the image: equal inputs are never built twice, changed ones always. */
export function inputHash(definition: ImageDefinition): string {
  const { from, steps, files = {}, fetch, labels = {}, make } = definition
  const inputs = [
    from ? inputHash(from) : 'scratch',
    steps,
    Object.entries(files),
    fetch?.key,
    Object.entries(labels),
    make?.key,
  ]
  return createHash('sha256').update(JSON.stringify(inputs)).digest('hex').slice(0, 12)
}

/** The tag that names the inputs: `cc-ci-fixtures/nginx:in-0123456789ab`. */
export function inputTag(definition: ImageDefinition): string {
  return `${definition.tag.slice(0, definition.tag.lastIndexOf(':'))}:in-${inputHash(definition)}`
}

/** The Dockerfile text of a definition that is built, not imported. */
export function dockerfileOf(definition: ImageDefinition): string {
  return [`FROM ${definition.from ? inputTag(definition.from) : 'scratch'}`, ...definition.steps, ''].join('\n')
}
