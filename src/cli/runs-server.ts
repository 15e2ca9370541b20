import { z } from 'zod'
import { EXIT } from '../lib/errors.ts'
import { runOutcome, runRequest } from '../server/contract/request.ts'
import { ServerClient, type ServerOptions } from './support/server-client.ts'

const rowShape = z.object({
  request: runRequest,
  state: z.string(),
  attempt: z.number(),
  worker: z.string().nullable(),
  outcome: runOutcome.nullable(),
})
const listShape = z.object({ runs: z.array(rowShape) })
type Row = z.infer<typeof rowShape>

/** `cc-ci runs --server URL [RUN]`: what a server has run, newest first, or one run. */
export async function serverRunsCommand(
  run: string | undefined,
  options: ServerOptions & { readonly json?: boolean },
): Promise<number> {
  const client = new ServerClient(options)
  if (run === undefined) {
    const found = await client.call(listShape, 'GET', '/runs?limit=50')
    if (options.json) process.stdout.write(`${JSON.stringify(found.runs, null, 2)}\n`)
    else if (found.runs.length === 0) process.stdout.write('the server has had no runs\n')
    else for (const row of found.runs) process.stdout.write(lineOf(row))
    return EXIT.pass
  }
  const row = await client.call(rowShape, 'GET', `/runs/${encodeURIComponent(run)}`)
  process.stdout.write(options.json ? `${JSON.stringify(row, null, 2)}\n` : `${lineOf(row)}${factsOf(row)}`)
  return EXIT.pass
}

function lineOf({ request, state, outcome }: Row): string {
  const ended = outcome?.verdict ?? state
  const level = outcome?.level === null || outcome === null ? '' : `level ${outcome.level}`
  const pull = request.pull ? `#${request.pull.number}` : ''
  return `${request.id}  ${`${request.repository}${pull}`.padEnd(32)}  ${request.commit.slice(0, 10)}  ${ended.padEnd(12)}${level}\n`
}

function factsOf({ attempt, worker, outcome }: Row): string {
  const facts = [
    ...(attempt > 1 ? [`attempt ${attempt}`] : []),
    ...(worker ? [`worker ${worker}`] : []),
    ...(outcome ? [outcome.message, `teardown ${outcome.teardown}`] : []),
  ]
  return facts.map((fact) => `  ${fact}\n`).join('')
}
