import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { z } from 'zod'

const DEADLINE_MS = 20_000

const PROGRAM = `
const { parentPort, workerData } = require('node:worker_threads')
process.emitWarning = () => {}
try {
  parentPort.postMessage({ text: require('node:module').stripTypeScriptTypes(workerData, { mode: 'strip' }) })
} catch (error) {
  parentPort.postMessage({ code: String(error.code), message: String(error.message), stack: String(error.stack) })
}
`

const answerShape = z.union([
  z.object({ text: z.string() }),
  z.object({ code: z.string(), message: z.string(), stack: z.string() }),
])

/** What the type stripper of Node said: the text without types, every position kept, or its complaint. */
export type StrippedSource = z.infer<typeof answerShape>

/**
 * In a thread of its own: deep nesting breaks the memory of the stripper for good, and in this thread nothing in TypeScript could be
 * loaded any more.
 */
export async function stripTypes(text: string): Promise<StrippedSource> {
  const worker = new Worker(PROGRAM, {
    eval: true,
    // Ours could say that a program is a module.
    execArgv: [],
    workerData: text,
    resourceLimits: { maxOldGenerationSizeMb: 256 },
  })
  try {
    const [answer] = await once(worker, 'message', { signal: AbortSignal.timeout(DEADLINE_MS) })
    return answerShape.parse(answer)
  } finally {
    await worker.terminate()
  }
}
