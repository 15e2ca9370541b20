import { isAbsolute, normalize } from 'node:path/posix'
import { z } from 'zod'

const MAX_TEXT = 10_000

const text = z.string().max(MAX_TEXT)
const spec = { side: z.enum(['recipe', 'operator']), file: z.string().min(1).max(1_000) }
const inside = z
  .string()
  .min(1)
  .max(1_000)
  .refine((path) => !isAbsolute(path) && !normalize(path).startsWith('..'), 'leads out of the output folder')

const shapes = [
  z.object({ kind: z.literal('hello') }),
  z.object({ kind: z.literal('begin'), total: z.number().int().min(0) }),
  z.object({ kind: z.literal('start'), ...spec, title: text }),
  z.object({
    kind: z.literal('test'),
    ...spec,
    title: text,
    status: z.enum(['passed', 'failed', 'skipped']),
    durationMs: z.number().min(0),
    tags: z.array(text).max(100),
    error: text.optional(),
    reason: text.optional(),
    attachments: z.array(z.object({ name: text, contentType: text, path: inside })).max(200),
  }),
  z.object({
    kind: z.literal('error'),
    side: spec.side.optional(),
    file: spec.file.optional(),
    message: text,
    phase: z.enum(['load', 'run']),
  }),
  z.object({ kind: z.literal('end'), status: z.enum(['passed', 'failed']) }),
] as const

/** A request `report` of `src/inside/tests.ts`: a stranger's data. */
export const reportMessage = z.intersection(z.object({ token: z.string().min(1).max(100) }), z.union(shapes))

export type ReportMessage = z.infer<typeof reportMessage>
