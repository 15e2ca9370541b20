import { parentPort } from 'node:worker_threads'
import { CcCiError, InternalError, messageOf } from './errors.ts'
import { execHere } from './exec.ts'
import type { Ask, Reply } from './exec-thread.ts'

/** The thread that starts programs. */
const port = parentPort
if (!port) throw new InternalError('no-thread', 'this is the entry of a thread')
const running = new Map<number, AbortController>()
const say = (reply: Reply) => port.postMessage(reply)

port.on('message', (ask: Ask) => {
  if (ask.kind === 'stop') running.get(ask.id)?.abort()
  else void run(ask)
})

async function run({ id, file, args, options, lines }: Extract<Ask, { kind: 'run' }>): Promise<void> {
  const stop = new AbortController()
  running.set(id, stop)
  try {
    const onLine = lines ? { onLine: (line: string) => say({ kind: 'line', id, line }) } : {}
    say({ kind: 'result', id, result: await execHere(file, args, { ...options, ...onLine, signal: stop.signal }) })
  } catch (error) {
    const { code, hint } = error instanceof CcCiError ? error : { code: 'program-failed', hint: undefined }
    say({ kind: 'fault', id, code, message: messageOf(error), hint })
  } finally {
    running.delete(id)
  }
}
