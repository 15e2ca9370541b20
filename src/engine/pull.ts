import { z } from 'zod'
import { InfraError, messageOf, RecipeError } from '../lib/errors.ts'
import { understandText } from './answer.ts'
import type { Connection } from './connection.ts'

export interface PullOptions {
  readonly timeoutMs: number
  readonly signal?: AbortSignal
  /** Called with what the engine says while it pulls, at most once per layer and state. */
  readonly onProgress?: (line: string) => void
}

/**
 * Pulls an image anonymously. Throws RecipeError `image-not-found` when a registry says that it does not exist (or is not
 * public: registries do not tell these apart), InfraError `registry-unreachable` when none answered in time, and
 * InfraError `registry-rate-limit` when it refuses to answer more.
 */
export async function pull(connection: Connection, ref: string, options: PullOptions): Promise<void> {
  const late = AbortSignal.timeout(options.timeoutMs)
  const signal = options.signal ? AbortSignal.any([options.signal, late]) : late
  try {
    const query = { fromImage: ref, ...(/[:@][^/]*$/.test(ref) ? {} : { tag: 'latest' }) }
    const stream = await connection.stream('POST', '/images/create', { query, signal })
    stream.setEncoding('utf8')
    await follow(stream, options.onProgress)
  } catch (error) {
    options.signal?.throwIfAborted()
    if (late.aborted) throw unreachable(ref, `no answer within ${options.timeoutMs} ms`, error)
    if (error instanceof InfraError && error.code === 'engine-answer') throw error
    throw classify(ref, error)
  }
}

/** The status is sent before the work, so that an error comes as a line of the stream. */
async function follow(lines: AsyncIterable<string>, onProgress: PullOptions['onProgress']): Promise<void> {
  const seen = new Set<string>()
  let rest = ''
  for await (const chunk of lines) {
    const parts = (rest + chunk).split('\n')
    rest = (parts.pop() ?? '').slice(0, 1_000_000)
    for (const part of parts) report(part, seen, onProgress)
  }
  report(rest, seen, onProgress)
}

/** The engine says an error twice today; the plain one is to go. */
const progress = z.object({
  error: z.string().nullish(),
  errorDetail: z.object({ message: z.string().nullish() }).nullish(),
  status: z.string().nullish(),
  id: z.string().nullish(),
})

function report(text: string, seen: Set<string>, onProgress: PullOptions['onProgress']) {
  if (text.trim() === '') return
  const line = understandText(text, progress.parse, 'POST /images/create')
  const refused = line.errorDetail?.message ?? line.error
  if (refused) throw new InfraError('pull-refused', refused)
  const said = [line.id, line.status].filter(Boolean).join(' ')
  if (said === '' || seen.has(said)) return
  seen.add(said)
  onProgress?.(said)
}

/** The engine tells these apart by text only. */
function classify(ref: string, error: unknown): Error {
  const said = messageOf(error)
  if (/toomanyrequests|rate limit|429/i.test(said)) {
    return new InfraError('registry-rate-limit', `the registry refuses to serve ${ref}: ${said}`, {
      hint: 'Log the engine in to the registry, or wait.',
      cause: error,
    })
  }
  if (
    /manifest unknown|not found: manifest|repository does not exist|pull access denied|name unknown|invalid reference format|not found$/i.test(
      said,
    ) &&
    !/lookup|dial/i.test(said)
  ) {
    return new RecipeError('image-not-found', `the registry has no ${ref}: ${said}`, {
      hint: 'Check the image name and tag in the compose file.',
      cause: error,
    })
  }
  return unreachable(ref, said, error)
}

function unreachable(ref: string, why: string, error: unknown): InfraError {
  return new InfraError('registry-unreachable', `cannot pull ${ref}: ${why}`, {
    hint: "Is the registry reachable from the engine? 'cc-ci doctor' checks it.",
    cause: error,
  })
}
