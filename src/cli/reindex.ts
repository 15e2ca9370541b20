import { z } from 'zod'
import { EXIT } from '../lib/errors.ts'
import { ServerClient, type ServerOptions } from './support/server-client.ts'

const addedShape = z.object({ runs: z.number(), comments: z.number(), enrolments: z.number() })

/** `cc-ci reindex`: a running server looks at its state folder again, as at a start. */
export async function reindexCommand(options: ServerOptions): Promise<number> {
  const { runs, comments, enrolments } = await new ServerClient(options).call(addedShape, 'POST', '/index')
  process.stdout.write(`${runs} runs and ${comments} comments were new; ${enrolments} enrolments were read\n`)
  return EXIT.pass
}
