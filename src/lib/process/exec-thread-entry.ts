import { parentPort } from 'node:worker_threads'
import { CcCiError, InternalError, messageOf } from '../errors.ts'
import { execHere } from './exec.ts'
import type { ExecReply, ExecRequest } from './exec-thread.ts'

/** The thread that starts programs. */
const port = parentPort
if (!port) throw new InternalError('no-thread', 'this is the entry of a thread')
const running = new Map<number, AbortController>()
const say = (reply: ExecReply) => port.postMessage(reply)

port.on('message', (request: ExecRequest) => {
  if (request.kind === 'stop') running.get(request.id)?.abort()
  else void run(request)
})

async function run({ id, file, args, options, lines }: Extract<ExecRequest, { kind: 'run' }>): Promise<void> {
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
