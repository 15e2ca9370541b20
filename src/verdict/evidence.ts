import { z } from 'zod'

/**
 * Which meaning the outcomes of a run have. Raise it with every change that makes a tier judge something else than before, and say in
 * `history/compare/evidence-schemas.ts` where a comparison with the former meaning is still true.
 */
export const EVIDENCE_SCHEMA = 1

const image = z.object({ service: z.string(), ref: z.string(), id: z.string().min(1) })
const identity = z.object({
  service: z.string(),
  imageId: z.string().nullable(),
  specHash: z.string().nullable(),
  version: z.string().nullable(),
  chaosVersion: z.string().nullable(),
})
const number = z.number().int().min(0)
/** Files in each volume that was emptied: before, right after, once the app had come up as new, and at the end. */
const emptied = z.object({ volume: z.string(), before: number, left: number, asNew: number, after: number })
/** A volume that got kept data before a program saw it. */
const putVolume = z.object({
  volume: z.string(),
  files: number,
  bytes: number,
  /** sha256 of all that the volume holds, of what was kept and of what was put back. */
  content: z.string().length(64),
  /** Files once the app ran on it. */
  started: number,
})
/** A volume that no label would bring back: left alone. */
const spared = z.object({ volume: z.string(), why: z.string(), files: number, bytes: number })
const witness = z.object({
  /** `volume:data`, `postgres:db`, `mariadb:db` or `redis:cache`. */
  subject: z.string(),
  kind: z.enum(['file', 'manifest', 'postgres', 'sqlite', 'mariadb', 'redis']),
  /** What happened to it: `kept`, `changed` (explained by a migration), `lost`, `excluded` (nothing is asked back, and why). */
  result: z.enum(['kept', 'changed', 'lost', 'excluded']),
  before: z.string(),
  destroyed: z.string().optional(),
  after: z.string(),
  /** For a person: "12 tables, 0 rows lost, 3 new columns", after a restore "12 tables, 340 of 340 destroyed rows back". */
  summary: z.string(),
  /** The same as numbers, for databases with tables: `tables` and `rows` are those after the operation. */
  counts: z
    .object({
      tables: number,
      rows: number,
      rowsLost: number,
      tablesLost: number,
      rowsTidied: number,
      newTables: number,
      formerTables: number,
      newColumns: number,
      formerColumns: number,
      newRows: number,
      /** Only where the database was destroyed before a restore: rows gone in between, and those of them that are there again. */
      rowsDestroyed: number.optional(),
      rowsBack: number.optional(),
    })
    .optional(),
  /** Of what a restore lost: nothing of it came back, or the backup did not hold it. */
  loss: z.enum(['not-restored', 'not-covered']).optional(),
  /** A line for each table that is not as before, losses first. */
  details: z.array(z.string()).optional(),
})

/** Of one thing that was watched, whether it is a database that the labels leave out and that lost rows or tables when its volume was lost. */
export function isLostOutsideBackup({ result, counts }: z.infer<typeof witness>): boolean {
  return result === 'excluded' && counts !== undefined && counts.rowsLost + counts.tablesLost > 0
}

/**
 * Every kind of evidence and its shape. A shape that cannot be filled (no services, no tasks, no files) does not validate,
 * and evidence that does not validate does not count: this is what "no evidence, no pass" means in code.
 */
export const EVIDENCE = {
  /** lint: every rule that was evaluated, each with what it looked at. */
  rules: z.object({ rules: z.array(z.object({ id: z.string(), subject: z.string(), ok: z.boolean() })).min(1) }),
  /** The image each service really runs. */
  images: z.object({ images: z.array(image).min(1) }),
  /** The tasks that were running when the stack was called converged; a completed one-shot counts with its task. */
  tasks: z.object({ tasks: z.array(z.object({ service: z.string(), id: z.string(), state: z.string() })).min(1) }),
  /** An answer over the edge, and the proof whose answer it was. */
  http: z.object({
    url: z.string(),
    status: z.number().int().min(100),
    bodyHash: z.string().min(1),
    bytes: z.number().int(),
    /** The task that answered, found by asking the task itself and comparing, or by the edge's own routing table. */
    servingTask: z.string().min(1),
  }),
  /** The recipe routes no HTTP to any service: nothing to ask, and why we think so. */
  'no-http': z.object({ reason: z.string().min(1) }),
  /** What the base offered to the outside and answered for, asked again of head; `gone` by the files of both. */
  'still-there': z.object({
    asked: z.array(z.object({ subject: z.string().min(1), before: z.string().min(1), after: z.string().min(1) })),
    gone: z.array(z.string()),
  }),
  /** What a real browser saw. */
  page: z.object({
    url: z.string(),
    title: z.string(),
    status: z.number().int().optional(),
    textLength: z.number().int(),
    elements: z.number().int(),
    consoleErrors: z.array(z.string()),
    failedRequests: z.array(z.string()),
    /** Redirects and pages on the way to this one, where it was not the first: `302 https://...`. */
    way: z.array(z.string()).optional(),
    screenshot: z.string().min(1),
  }),
  /** The app led a real browser to a place that a run cannot look at: a login at another host, a dialog for a name and a password. */
  'page-elsewhere': z.object({
    from: z.string().min(1),
    to: z.string().min(1),
    why: z.string().min(1),
    way: z.array(z.string()).min(1),
  }),
  /** Pictures of the same page before and after an upgrade, compared. Information: no difference decides anything. */
  'visual-difference': z.object({
    before: z.string().min(1),
    after: z.string().min(1),
    /** The picture of what differs; null where nothing does. */
    difference: z.string().nullable(),
    /** Width and height in pixels. */
    size: z.object({ before: z.array(z.number().int()).length(2), after: z.array(z.number().int()).length(2) }),
    changedPixels: z.number().int(),
    /** Of those compared: what changes by itself is left out. */
    changedShare: z.number().min(0).max(1),
    /** Of the whole picture: what differs between two pictures of the same version. */
    volatileShare: z.number().min(0).max(1),
  }),
  /** Base and head, service by service, as the engine reports them; `changed` names what differs in something that runs. */
  identity: z.object({
    services: z
      .array(
        z.object({
          service: z.string(),
          base: identity.nullable(),
          head: identity.nullable(),
          changed: z.array(z.string()),
        }),
      )
      .min(1)
      .refine((services) => services.some((service) => service.changed.length > 0), 'nothing that runs differs'),
  }),
  /** The `chaos-version` label of the running app is the commit under test. */
  'head-deployed': z
    .object({ label: z.string().min(7), commit: z.string().length(40) })
    .refine(({ label, commit }) => commit.startsWith(label.replace(/\+U$/, '')), 'the label is not the commit'),
  /**
   * How the engine ended each service's update; `none` where the service did not change, `paused` where a task ended meanwhile (a one-shot that
   * was done, a program that needed a second start) and all runs the new spec all the same.
   */
  'update-status': z.object({
    services: z
      .array(z.object({ service: z.string(), state: z.enum(['completed', 'none', 'created', 'paused']) }))
      .min(1),
  }),
  /** What happened to planted and fingerprinted data. An app without data says so in `none`. */
  witness: z.union([z.object({ witnesses: z.array(witness).min(1) }), z.object({ none: z.string().min(1) })]),
  snapshot: z.object({
    id: z.string().min(8),
    volumes: z.array(z.object({ volume: z.string(), files: z.number().int(), bytes: z.number().int() })).min(1),
  }),
  /** Hooks that ran, with exit codes; an app with none says so by an empty list plus `none`. */
  hooks: z.union([
    z.object({
      hooks: z
        .array(z.object({ service: z.string(), phase: z.string(), exitCode: z.number().int(), ms: z.number() }))
        .min(1),
    }),
    z.object({ none: z.string().min(1) }),
  ]),
  /** Promised by the labels against held by the snapshot, path by path. */
  coverage: z.object({
    paths: z
      .array(z.object({ volume: z.string(), path: z.string(), covered: z.boolean(), note: z.string().optional() }))
      .min(1),
  }),
  restored: z.object({
    snapshot: z.string().min(8),
    files: z.number().int().min(1),
    /** `whole`: the volumes were emptied, and the app started on them as new, before the snapshot came back. `small`: markers and dumps alone were destroyed. */
    form: z.enum(['whole', 'small']).optional(),
    emptied: z.array(emptied).optional(),
    spared: z.array(spared).optional(),
  }),
  /** The releases between base and head that the app went through on its way, each with what it changed and what became of the data of the base. */
  steps: z.object({
    steps: z
      .array(
        z.object({
          version: z.string().min(1),
          commit: z.string().length(40),
          /** Services that ran something else than before. */
          changed: z.array(z.string()).min(1),
          /** Witnesses of the base that were looked at, none of which was lost. */
          witnesses: number,
          /** Until it served, in ms. */
          ms: z.number(),
        }),
      )
      .min(1),
  }),
  /** The version before runs again, on volumes that were emptied, with the snapshot that was taken of it before the upgrade. */
  'rolled-back': z.object({
    version: z.string().min(1),
    commit: z.string().length(40),
    snapshot: z.string().min(8),
    files: z.number().int().min(1),
    /** The image of each service before the upgrade, and now. */
    services: z
      .array(z.object({ service: z.string(), before: z.string().min(1), now: z.string().min(1) }))
      .min(1)
      .refine((services) => services.every(({ before, now }) => before === now), 'another image runs than before'),
    /** Services that only head has: removed. */
    dropped: z.array(z.string()),
    /** Volumes that only head has: nothing mounts them any more. */
    unused: z.array(z.string()),
    emptied: z.array(emptied).min(1),
    spared: z.array(spared),
  }),
  /** The base got the data of the last green run of its version: each volume was compared with what was kept before a program saw it. */
  reattached: z.object({
    version: z.string().min(1),
    /** Whose app it was. */
    run: z.string().min(1),
    volumes: z.array(putVolume).min(1),
  }),
  /** The app of a failed run was put in place as it was after a tier; of each volume as with `reattached`. An app without data has none. */
  resumed: z.object({
    run: z.string().min(1),
    after: z.string().min(1),
    volumes: z.array(putVolume),
  }),
  tests: z.object({ executed: z.number().int().min(1), titles: z.array(z.string()).min(1) }),
  provider: z.object({ providers: z.array(z.object({ name: z.string(), healthy: z.literal(true) })).min(1) }),
  /** Services whose container was killed: the task it was, the one that took its place, and the time until the app served again. */
  recovery: z.object({
    services: z
      .array(z.object({ service: z.string(), before: z.string().min(1), after: z.string().min(1), ms: z.number() }))
      .min(1)
      .refine((services) => services.every(({ before, after }) => before !== after), 'a task took its own place'),
  }),
  /** What runs after the same commit was deployed again: the tasks that ran before it, from the same spec. */
  'no-op-redeploy': z.object({
    services: z.array(z.object({ service: z.string(), tasks: z.array(z.string()), specHash: z.string() })).min(1),
    restarted: z.array(z.string()).length(0),
  }),
  /** Only where the operator allows it: the running tasks of each service before the engine was restarted, and once the app served again. */
  'engine-restart': z.object({
    ms: z.number(),
    services: z
      .array(z.object({ service: z.string(), before: z.array(z.string()), after: z.array(z.string()) }))
      .min(1),
  }),
  /** Everything the run could have left, looked for by kind; `after` is what is still there. */
  ledger: z.object({
    before: z.record(z.string(), z.number().int()),
    during: z.record(z.string(), z.number().int()),
    after: z.record(z.string(), z.number().int()),
    removed: z.number().int(),
  }),
} as const

export type EvidenceKind = keyof typeof EVIDENCE

/** Evidence of one kind: `{ kind: 'images', images: [...] }`. */
export type Evidence = { [K in EvidenceKind]: { readonly kind: K } & z.infer<(typeof EVIDENCE)[K]> }[EvidenceKind]

/** Null when the evidence is whole, otherwise what is wrong with it. */
export function evidenceProblem(evidence: { readonly kind: string }): string | null {
  const { kind, ...body } = evidence
  const shape = EVIDENCE[kind as EvidenceKind]
  if (!shape) return `unknown kind ${kind}`
  const parsed = shape.safeParse(body)
  return parsed.success
    ? null
    : parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ')
}
