import { z } from 'zod'

const place = z.object({ line: z.number(), column: z.number() })
const mutant = z.object({
  mutatorName: z.string(),
  replacement: z.string(),
  status: z.enum(['Killed', 'Timeout', 'Survived', 'NoCoverage', 'CompileError', 'RuntimeError', 'Ignored']),
  location: z.object({ start: place, end: place }),
})

/** The part that is read of a report of mutation testing (mutation-testing-report-schema): files with their source and their mutants. */
const report = z.object({ files: z.record(z.string(), z.object({ source: z.string(), mutants: z.array(mutant) })) })

/** A changed place that no test noticed: in this line, `was` was replaced by `now`. White space counts as one blank. */
const survivor = z.strictObject({ line: z.string(), was: z.string(), now: z.string() })

/** File to the survivors that are known there, each with why it is left alone. */
const explanations = z.record(
  z.string(),
  z.array(z.strictObject({ ...survivor.shape, why: z.string().regex(/\S+\s+\S/, 'say why in a few words') })),
)

export type Survivor = z.infer<typeof survivor>
export type Explained = z.infer<typeof explanations>
/** Survivors that nobody explained, and explanations of what does not survive any more, by file. */
interface Difference {
  readonly unexplained: Readonly<Record<string, readonly Survivor[]>>
  readonly outdated: Readonly<Record<string, readonly Survivor[]>>
}

export interface FileScore {
  readonly file: string
  readonly killed: number
  readonly survived: number
  /** Percent killed of those that were tried; 100 where there is nothing to try. */
  readonly score: number
}

export interface Mutants {
  readonly scores: readonly FileScore[]
  readonly survivors: Readonly<Record<string, readonly Survivor[]>>
}

/** What a report says. Throws ZodError on one of another shape, and on one that has a mutant that was not tried. */
export function readMutants(data: unknown): Mutants {
  const files = Object.entries(report.parse(data).files).sort(([a], [b]) => (a < b ? -1 : 1))
  const survivors = files.map(([file, { source, mutants }]) => [
    file,
    mutants.filter(lives).map((one) => survivorAt(source, one)),
  ])
  return {
    scores: files.map(([file, { mutants }]) => scoreOf(file, mutants)),
    survivors: Object.fromEntries(survivors),
  }
}

/** All files together. */
export function totalScore(scores: readonly FileScore[]): FileScore {
  const sum = (count: (score: FileScore) => number) => scores.reduce((total, score) => total + count(score), 0)
  return scored(
    'all files',
    sum(({ killed }) => killed),
    sum(({ survived }) => survived),
  )
}

/** The explanations of `survivors.yml`. Throws ZodError that names what is wrong with it, an empty reason also. */
export function readExplained(data: unknown): Explained {
  return explanations.parse(data ?? {})
}

/** Of the files that were tried: what survives without an explanation, and what is explained and does not survive. */
export function compare(survivors: Mutants['survivors'], explained: Explained): Difference {
  const files = Object.keys(survivors)
  return {
    unexplained: byFile(files, (file) => without(survivors[file] ?? [], explained[file] ?? [])),
    outdated: byFile(files, (file) => without(explained[file] ?? [], survivors[file] ?? [])),
  }
}

function byFile<T>(files: readonly string[], find: (file: string) => readonly T[]): Record<string, readonly T[]> {
  return Object.fromEntries(files.map((file) => [file, find(file)] as const).filter(([, found]) => found.length > 0))
}

function without(some: readonly Survivor[], others: readonly Survivor[]): Survivor[] {
  const known = new Set(others.map(nameOf))
  const left = some.filter((one) => !known.has(nameOf(one))).map(({ line, was, now }) => ({ line, was, now }))
  return [...new Map(left.map((one) => [nameOf(one), one])).values()]
}

function nameOf({ line, was, now }: Survivor): string {
  return JSON.stringify([line, was, now].map(oneLine))
}

function lives({ status }: z.infer<typeof mutant>): boolean {
  return status === 'Survived' || status === 'NoCoverage'
}

function scoreOf(file: string, mutants: readonly z.infer<typeof mutant>[]): FileScore {
  const killed = mutants.filter(({ status }) => status === 'Killed' || status === 'Timeout').length
  return scored(file, killed, mutants.filter(lives).length)
}

function scored(file: string, killed: number, survived: number): FileScore {
  const tried = killed + survived
  return { file, killed, survived, score: tried === 0 ? 100 : (100 * killed) / tried }
}

function survivorAt(source: string, { location: { start, end }, replacement }: z.infer<typeof mutant>): Survivor {
  const lines = source.split('\n')
  const part = lines.slice(start.line - 1, end.line)
  part.push((part.pop() ?? '').slice(0, end.column - 1))
  part.unshift((part.shift() ?? '').slice(start.column - 1))
  return { line: oneLine(lines[start.line - 1] ?? ''), was: oneLine(part.join(' ')), now: oneLine(replacement) }
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim()
}
