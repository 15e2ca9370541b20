import { z } from 'zod'
import { WAIT_IDS } from '../lib/async/waits.ts'
import { CAUSES, type Cause, type CauseCode } from './causes.ts'
import { AFTER_KINDS, CHECK_IDS } from './checks.ts'
import type { EventBodies, EventType } from './events.ts'
import { EVIDENCE, type Evidence } from './evidence.ts'
import { OPERATION_KINDS } from './operations.ts'
import { TIER_IDS } from './tiers.ts'

const tier = z.enum(TIER_IDS)
const strings = z.array(z.string())
const blame = z.enum(['recipe', 'upstream', 'infra', 'ci'])

/** Shape of a cause, shared by the event stream and results.json. */
export const causeShape = z.object({
  code: z.enum(Object.keys(CAUSES) as CauseCode[]),
  blame,
  message: z.string(),
  hint: z.string(),
  service: z.string().optional(),
  deterministic: z.boolean().optional().meta({
    description: 'Only where the case differs from the table of causes: whether a second attempt would end the same.',
  }),
  lines: strings,
}) satisfies z.ZodType<Cause>

const machineShape = z.object({
  load: z.array(z.number()),
  processors: z.number(),
  memoryBytes: z.object({ available: z.number(), total: z.number() }),
  diskFreeBytes: z.number().nullable(),
  waitedMs: z.number().optional().meta({
    description:
      'Of a test that ran out of time: for how long within its time limit processes of the app and of its tests waited for a processor, in ms, added up by container. Not there where the kernel does not say it.',
  }),
})

/** Shape of a test row, shared by the event stream and results.json. */
export const testShape = z.object({
  title: z.string(),
  file: z.string(),
  status: z.enum(['passed', 'failed', 'skipped']),
  durationMs: z.number(),
  error: z.string().optional().meta({ description: 'What the assertion said, of a failed test.' }),
  machine: machineShape.optional().meta({ description: 'What the machine had left when a test failed.' }),
  reason: z.string().optional().meta({ description: 'Why a test was skipped.' }),
  artifacts: z
    .array(z.string())
    .optional()
    .meta({ description: 'Paths in the run folder: screenshots, traces, context.' }),
  quarantined: z
    .object({ reason: z.string(), until: z.string().meta({ description: 'The last day, in UTC: `2026-12-31`.' }) })
    .optional()
    .meta({ description: 'The operator lets it decide nothing for now: neither a pass nor a fail of it counts.' }),
})

/** Evidence that does not validate is still a fact of the stream; `fold` decides what it is worth. */
const evidence = z.custom<Evidence>(
  (value) => typeof value === 'object' && value !== null && typeof (value as { kind?: unknown }).kind === 'string',
  'evidence needs a kind',
)

export const customizationShape = z.object({
  config: z.record(z.string(), z.unknown()),
  hooks: strings,
  overlays: strings,
  tests: strings,
  envOverrides: strings,
  refused: strings,
  sources: z.record(z.string(), z.string()).optional().meta({ description: 'Setting to the place that set it.' }),
  deps: strings.optional(),
  approval: z
    .string()
    .optional()
    .meta({ description: 'By what the code of the recipe repository may run, where it may.' }),
})

export const baseShape = z.object({
  version: z.string(),
  commit: z.string(),
  source: z.enum(['pin', 'canonical', 'tag', 'branch']),
  via: z
    .array(z.object({ version: z.string(), commit: z.string() }))
    .optional()
    .meta({
      description: 'The releases through which the app went on its way to head, in order. Absent: straight to head.',
    }),
})

const taken = { p50Ms: z.number(), p95Ms: z.number(), runs: z.number().int() }

/** Shape of what earlier runs took, shared by the event stream and results.json. */
export const expectationsShape = z.object({
  runs: z.number().int().meta({ description: 'How many earlier runs it stands on.' }),
  since: z.string().meta({ description: 'When the oldest of them began.' }),
  newest: z.string().meta({ description: 'Id of the newest of them.' }),
  tiers: z.array(z.object({ id: tier, ...taken })).meta({ description: 'Of those that passed, how long they took.' }),
  deploy: z
    .object(taken)
    .nullable()
    .meta({ description: 'The longest deployment of each run, until every service was up.' }),
})

/** Shape of what a run continues from, shared by the event stream and results.json. */
export const resumedShape = z.object({ run: z.string(), after: tier }).meta({
  description: 'Only of a run that continues from a failed one: which, and the tier after which its app was kept.',
})

/** Shape of the deadlines that are not the same for every run, shared by the event stream and results.json. */
export const deadlinesShape = z.object({
  deploy: z.object({
    ms: z.number(),
    source: z.enum(['setting', 'default', 'label', 'memory']),
    why: z.string(),
  }),
})

export const environmentShape = z.object({
  engine: z.string(),
  api: z.string(),
  cpus: z.number(),
  memoryBytes: z.number(),
  load: z.array(z.number()),
  kernel: z.string().optional(),
  cgroup: z.string().optional(),
  vips: z.boolean().optional().meta({ description: 'Whether the virtual addresses of services carry traffic.' }),
  edge: z
    .string()
    .optional()
    .meta({ description: 'Image of the Traefik in front; `foreign` for one that cc-ci did not start.' }),
  browser: z.string().optional(),
  node: z
    .string()
    .optional()
    .meta({ description: 'Host name of the node that the app was on, in a Swarm of several.' }),
  runMemoryBytes: z
    .number()
    .optional()
    .meta({ description: 'What the app had of the memory, all its services together.' }),
  browserSandbox: z
    .boolean()
    .optional()
    .meta({ description: "Whether Chromium's own sandbox works within the container of the browser." }),
  deployer: z
    .string()
    .optional()
    .meta({ description: 'What put the app on the engine: `native`, or `abra` with its version.' }),
})

/** Shape of what head asks of its operator, shared by the event stream and results.json. */
export const contractShape = z.object({
  variables: strings.meta({ description: 'Lines of `.env.sample` that are no comment.' }),
  mustBeSet: strings.meta({ description: 'Variables that have no value unless the operator gives one.' }),
  secrets: strings,
  services: strings,
  volumes: strings,
  ports: strings.meta({ description: '`443/tcp`' }),
  routes: strings.meta({ description: '`DOMAIN/`, `www.DOMAIN/admin`' }),
})

export const findingShape = z.object({
  code: z.string(),
  severity: z.enum(['info', 'warning', 'error']),
  message: z.string(),
  where: z.string().optional(),
})

export const artifactShape = z.object({
  kind: z.enum(['screenshot', 'report', 'junit', 'trace', 'log', 'visual-difference', 'card']),
  path: z.string(),
  sha256: z.string(),
})

export const imageShape = z.object({
  service: z.string(),
  ref: z.string(),
  id: z.string(),
  sizeBytes: z.number().optional(),
})
export const memoryShape = z.object({ service: z.string(), bytes: z.number() })
/** What no masker has read. */
export const notLookedShape = z.object({
  file: z.string(),
  why: z.enum(['picture', 'binary', 'archive', 'too-large', 'within']),
})

export const containerShape = z.object({
  service: z.string(),
  task: z.string(),
  startedAt: z.string().nullable(),
  finishedAt: z.string().nullable(),
  exitCode: z.number().int().nullable(),
  oomKilled: z.boolean(),
})

export const leakShape = z.object({ kind: z.string(), name: z.string() })
export const recipeShape = z.object({
  name: z.string(),
  origin: z.string(),
  commit: z.string(),
  version: z.string().nullable(),
  dirty: z.boolean(),
  released: z.string().nullable().optional().meta({
    description: 'The annotated tag on this very commit; null: it is no release. Files of earlier versions do not say.',
  }),
})
export const toolShape = z.object({ name: z.literal('cc-ci'), version: z.string(), commit: z.string().nullable() })
export const skipKindShape = z.enum(['structural', 'declared', 'not-selected'])
export const outcomeShape = z.enum(['pass', 'fail', 'unverified'])
export const signalShape = z.enum(['SIGINT', 'SIGTERM', 'cancel', 'deadline'])

/** One of these, or one that a later version has added: an older reader takes it for what it is called. */
function idOf<const Id extends string>(ids: readonly [Id, ...Id[]]): z.ZodType<Id> {
  return z.union([z.enum(ids), z.string()]) as unknown as z.ZodType<Id>
}

const blanks = { subject: z.string().optional(), service: z.string().optional() }

/** Shape of a check, shared by the event stream and results.json. */
export const checkShape = z.object({
  id: idOf(CHECK_IDS)
    .optional()
    .meta({ description: 'Which check it is; `name` is for readers. Streams of earlier versions have none.' }),
  subject: z.string().optional().meta({ description: 'What the check is about, where its id leaves that open.' }),
  after: z
    .object({ kind: idOf(AFTER_KINDS), service: z.string().optional() })
    .optional()
    .meta({ description: 'The act of cc-ci after which it looked, where it looks more than once.' }),
  name: z.string(),
  outcome: outcomeShape,
  cause: causeShape.optional(),
  machine: machineShape.optional().meta({ description: 'What the machine had left when a check ended a tier.' }),
})

/** Shape of an operation, shared by the event stream and results.json. */
export const operationShape = z.object({
  kind: idOf(OPERATION_KINDS).optional().meta({ description: 'Streams of earlier versions have none.' }),
  ...blanks,
  operation: z.string(),
})

/** The body of every event type, as it must stand in a line of `events.ndjson`. Unknown extra keys are kept. */
export const EVENT_SHAPES = {
  'run.started': z.looseObject({
    run: z.object({ id: z.string(), host: z.string() }),
    tool: toolShape,
    recipe: recipeShape,
    base: baseShape.nullable(),
    selected: z.array(tier),
    stack: z.string(),
    domain: z.string(),
    customization: customizationShape,
    lintEnforced: z.boolean().optional(),
    evidenceSchema: z.number().int().optional(),
    contract: contractShape.optional(),
    expected: expectationsShape.optional(),
    deadlines: deadlinesShape.optional(),
    resumed: resumedShape.optional(),
  }),
  environment: environmentShape,
  accommodation: z.looseObject({ text: z.string() }),
  finding: findingShape,
  artifact: artifactShape,
  note: z.looseObject({ text: z.string() }),
  'attempt.started': z.looseObject({ attempt: z.number().int().min(2), because: z.string() }),
  'tier.started': z.looseObject({ tier }),
  'tier.skipped': z.looseObject({ tier, kind: skipKindShape, reason: z.string() }),
  'tier.blocked': z.looseObject({ tier, by: tier }),
  'tier.doubted': z.looseObject({ tier, cause: causeShape }),
  'tier.ended': z.looseObject({ tier }),
  'operation.started': z.looseObject({ tier, ...operationShape.shape }),
  'operation.ended': z.looseObject({ tier, ...operationShape.shape, ms: z.number() }),
  'wait.progress': z.looseObject({
    tier,
    id: idOf(WAIT_IDS).optional(),
    ...blanks,
    name: z.string(),
    reason: z.string(),
    waitedMs: z.number(),
    deadlineMs: z.number(),
  }),
  check: z.looseObject({ tier, ...checkShape.shape }),
  evidence: z.looseObject({ tier, evidence }),
  test: z.looseObject({ tier, test: testShape }),
  image: imageShape,
  memory: z.looseObject({ tier, ...memoryShape.shape }),
  container: z.looseObject(containerShape.shape),
  leak: leakShape,
  'secrets.scanned': z.looseObject({
    files: z.number(),
    leaks: strings,
    notLooked: z.array(notLookedShape).optional(),
  }),
  'run.interrupted': z.looseObject({ signal: signalShape }),
  'run.ended': z.looseObject({}),
} as const satisfies { [T in EventType]: z.ZodType<EventBodies[T]> }

const stamp = z.object({ seq: z.number().int().min(1), at: z.iso.datetime(), type: z.string() })

/** Null when the value has the shape of one event, otherwise what is wrong with it. */
export function eventProblem(value: unknown): string | null {
  const head = stamp.safeParse(value)
  if (!head.success) return describe(head.error)
  if (!Object.hasOwn(EVENT_SHAPES, head.data.type)) return `unknown event type "${head.data.type}"`
  const body = EVENT_SHAPES[head.data.type as EventType].safeParse(value)
  return body.success ? null : describe(body.error)
}

function describe(error: z.ZodError): string {
  return error.issues.map((issue) => `${issue.path.join('.') || 'event'}: ${issue.message}`).join('; ')
}

/** Every field name and fixed value of the stream's own format. They are never masked: the format would break, and hide nothing. */
export function formatWords(): ReadonlySet<string> {
  const words = new Set<string>([...Object.keys(EVENT_SHAPES), ...Object.keys(EVIDENCE), ...TIER_IDS])
  words.add('type').add('seq').add('at').add('kind')
  for (const shape of [...Object.values(EVENT_SHAPES), ...Object.values(EVIDENCE)]) {
    collectWords(z.toJSONSchema(shape, { unrepresentable: 'any' }), words)
  }
  return words
}

function collectWords(schema: unknown, words: Set<string>): void {
  if (typeof schema !== 'object' || schema === null) return
  for (const [key, value] of Object.entries(schema)) {
    if (key === 'properties') for (const name of Object.keys(value as object)) words.add(name)
    if (key === 'const' && typeof value === 'string') words.add(value)
    if (key === 'enum') for (const word of value as unknown[]) words.add(String(word))
    collectWords(value, words)
  }
}
