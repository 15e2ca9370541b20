import { z } from 'zod'
import { repositoryName } from '../contract/request.ts'

/**
 * The schema of an enrollment: a repository, or a whole organisation, whose comments are answered. The stored document, the body and the answers of the API and what
 * `cc-ci enroll` sends and prints are derived from it. A new field is a row in CHOICES and an option of the command line (`cli/program/server.ts`, of the same name).
 */

/** `ORG/REPO`, or `ORG`. */
export const enrollmentName = z
  .string()
  .min(1)
  .max(200)
  .regex(/^[A-Za-z0-9][\w.-]{0,99}(\/[A-Za-z0-9_.-]*[A-Za-z0-9_-][\w.-]*)?$/, 'ORG/REPO, or ORG')

/**
 * What an operator chooses for an enrollment. `value`: in the document and in answers; `order`: as it is ordered, where it may be missing; `unset`: the value
 * where it was not ordered; `added`: documents of earlier versions lack it, which means `unset`.
 */
const CHOICES = {
  /** Logins that may ask besides members of the organisation. */
  allow: {
    value: z.array(z.string()).readonly(),
    order: z
      .array(z.string().regex(/^[\w.-]{1,100}$/, 'a login'))
      .max(200)
      .optional(),
    unset: [] as readonly string[],
    added: false,
  },
  /** Memory a run of it is scheduled with, in bytes; null: the server's default. */
  memoryBytes: {
    value: z.number().nullable(),
    order: z.int().positive().max(Number.MAX_SAFE_INTEGER).optional(),
    unset: null,
    added: false,
  },
  /** `ORG/REPO` of the same forge whose default branch this one's must equal; null where it is no mirror. */
  mirrorOf: { value: z.string().nullable(), order: repositoryName.optional(), unset: null, added: true },
} as const

type Choices = typeof CHOICES
type Column<K extends 'value' | 'order' | 'unset'> = { -readonly [C in keyof Choices]: Choices[C][K] }
type Order = { readonly [C in keyof Choices]?: z.infer<Choices[C]['order']> }

function column<K extends 'value' | 'order' | 'unset'>(name: K): Column<K> {
  return Object.fromEntries(Object.entries(CHOICES).map(([key, row]) => [key, row[name]])) as Column<K>
}

/** As the API answers it. Field order is that of stored documents. */
export const enrollmentShape = z.object({
  name: z.string(),
  at: z.string(),
  /** Who enrolled it: `operator`, or a login of the forge. */
  by: z.string(),
  ...column('value'),
  /** Id of the webhook that was made; null where the token may not make one, or a person made it. */
  webhook: z.number().nullable(),
})
export type Enrollment = Readonly<z.infer<typeof enrollmentShape>>

/** `<state>/server/enrolments/<org>[__<repo>].json`, which is the truth; also the column `document` of the index. */
export const enrollmentDocument: z.ZodType<Enrollment> = z.preprocess(
  (document) => (typeof document === 'object' && document !== null ? { ...addedLater(), ...document } : document),
  enrollmentShape,
)

function addedLater(): object {
  return Object.fromEntries(Object.entries(CHOICES).flatMap(([key, row]) => (row.added ? [[key, row.unset]] : [])))
}

export const enrollmentOrder = z.strictObject({ name: enrollmentName, ...column('order') })
export type EnrollmentOrder = Order & { readonly name: string }

/** The enrollment that an order makes. */
export function enrollmentOf(
  { name, ...ordered }: EnrollmentOrder,
  made: Pick<Enrollment, 'at' | 'by' | 'webhook'>,
): Enrollment {
  const choices = Object.entries(CHOICES).map(([key, row]) => [key, ordered[key as keyof Choices] ?? row.unset])
  return enrollmentShape.parse({ name, ...Object.fromEntries(choices), ...made })
}

/** Those of the options of a command line that are part of an order. */
export function choicesIn(options: object): Order {
  return Object.fromEntries(Object.entries(options).filter(([key, value]) => key in CHOICES && value))
}

/** Names of the forge compare without case. */
export function isSameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase()
}

/** Whether an enrollment of this name covers a repository. */
export function coversRepository(name: string, repository: string): boolean {
  return isSameName(repository, name) || isSameName(repository.split('/')[0] ?? '', name)
}
