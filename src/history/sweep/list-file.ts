import { existsSync, readFileSync } from 'node:fs'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { z } from 'zod'
import { readYaml } from '../../config/read-yaml.ts'
import { messageOf, UsageError } from '../../lib/errors.ts'
import { parseSize } from '../../lib/text/size.ts'
import { isUrl } from '../../recipe/repository/url.ts'

/** The list of an operator, in the folder that `--recipes` names. */
export const LIST_NAME = 'sweep.yml'
/** Says the branch that a repository calls its own first. */
export const DEFAULT_BRANCH = 'default branch'
const MAX_BYTES = 1024 ** 2

const size = z.string().transform((text, context) => {
  try {
    const bytes = parseSize(text)
    if (bytes > 0) return bytes
  } catch {
    // Said below, with what was found.
  }
  context.addIssue({ code: 'custom', message: 'is no size: write it like 4G or 512M' })
  return z.NEVER
})

/** A day that exists: `2027-02-30` is none. */
const day = z.iso.date('is no day: write it like 2027-01-31')
const headName = z
  .string()
  .max(255)
  .regex(/^[\w.#/+ -]+$/, 'is no branch')
const recipeName = z
  .string()
  .max(200)
  .regex(/^[A-Za-z0-9][\w.-]*(\/[A-Za-z0-9][\w.-]*)?$/, 'is no name of a recipe: letters, digits, ".", "_" and "-"')

const entry = z.strictObject({
  from: z.string().min(1).max(1000),
  heads: z.array(headName).max(50).default([DEFAULT_BRANCH]),
  memory: size.optional(),
})

const exclusion = z.strictObject({
  recipe: recipeName,
  /** `release`, a branch or `#12`; missing: all of the recipe. */
  cell: headName.optional(),
  reason: z.string().trim().min(3, 'must say why').max(300),
  expires: day,
})

/** `gitea: ../gitea` is short for `gitea: { from: ../gitea }`. */
const shortOrWhole = z.preprocess((value) => (typeof value === 'string' ? { from: value } : value), entry)

const list = z.strictObject({
  recipes: z.record(recipeName, shortOrWhole).default({}),
  exclude: z.array(exclusion).max(1000).default([]),
})

export type Exclusion = z.infer<typeof exclusion>

export interface ListedRecipe {
  readonly name: string
  /** An absolute path, or a URL. */
  readonly source: string
  readonly heads: readonly string[]
  /** Null: what `--run-memory` says. */
  readonly memoryBytes: number | null
}

export interface SweepList {
  readonly file: string
  readonly recipes: readonly ListedRecipe[]
  readonly exclude: readonly Exclusion[]
}

/** The list in the folder of the operator; null without one. */
export function listIn(operatorDir: string | undefined): string | null {
  if (operatorDir === undefined) return null
  const file = join(resolve(operatorDir), LIST_NAME)
  return existsSync(file) ? file : null
}

/** Reads a list. Throws UsageError `bad-sweep-list` with every problem and its place. */
export function readSweepList(file: string): SweepList {
  const text = textOf(file)
  const source = readYaml({ side: 'operator', file: LIST_NAME, path: file, shown: file }, text)
  const parsed = source.errors.length > 0 ? null : list.safeParse(source.data)
  if (parsed?.success) {
    const { recipes, exclude } = parsed.data
    return {
      file,
      exclude,
      recipes: Object.entries(recipes)
        .map(([name, { from, heads, memory }]) => ({
          ...{ name, heads: [...new Set(heads)] },
          source: isUrl(from) || isAbsolute(from) ? from : resolve(dirname(file), from),
          memoryBytes: memory ?? null,
        }))
        .sort((a, b) => (a.name < b.name ? -1 : 1)),
    }
  }
  const problems =
    source.errors.length > 0
      ? source.errors.map((error) => error.describe())
      : (parsed?.error?.issues ?? []).map((issue) => {
          const { path } = issue
          const message = issue.code === 'invalid_key' ? issue.issues[0]?.message : issue.message
          const { line } = source.valuePlace(path)
          return `${file}${line === undefined ? '' : `:${line}`}: ${path.join('.') || 'the list'}: ${message}`
        })
  throw new UsageError('bad-sweep-list', problems.slice(0, 20).join('\n  '), {
    hint: 'docs/guide/sweep.md shows what a list may say.',
  })
}

function textOf(file: string): string {
  try {
    const text = readFileSync(file, 'utf8')
    if (text.length <= MAX_BYTES) return text
  } catch (error) {
    throw new UsageError('bad-sweep-list', `${file} cannot be read: ${messageOf(error)}`, {
      hint: `Name a list with --from FILE, or put ${LIST_NAME} into the folder that --recipes names.`,
    })
  }
  throw new UsageError('bad-sweep-list', `${file} is longer than a list may be (1 MiB)`)
}
