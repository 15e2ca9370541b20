import type { Ctx } from 'cc-ci'

/** Calls the API from inside the container, where the operator's token is: METHOD PATH [JSON]. Prints the status, and the body on a line of its own. */
const CALL = `
const [method, path, body] = process.argv.slice(1)
const token = require('node:fs').readFileSync('/run/secrets/operator', 'utf8').trim()
fetch('http://127.0.0.1:8080/api/v1' + path, {
  method,
  headers: { authorization: 'Bearer ' + token, ...(body ? { 'content-type': 'application/json' } : {}) },
  ...(body ? { body } : {}),
}).then(async (answer) => process.stdout.write(answer.status + '\\n' + (await answer.text())))
`

/** As the operator. `body` of the answer is its JSON; null for an empty one. */
export async function call(
  { exec }: Pick<Ctx, 'exec'>,
  method: string,
  path: string,
  order?: object,
): Promise<{ readonly status: number; readonly body: unknown }> {
  const { stdout } = await exec('app', [
    'node',
    ...['-e', CALL, method, path],
    ...(order ? [JSON.stringify(order)] : []),
  ])
  const [status, ...rest] = stdout.split('\n')
  const text = rest.join('\n').trim()
  return { status: Number(status), body: text === '' ? null : JSON.parse(text) }
}

/** Names of the workers that the server lets in. */
export async function workers(at: Pick<Ctx, 'exec'>): Promise<string[]> {
  const { body } = await call(at, 'GET', '/workers')
  return (body as { workers: { name: string }[] }).workers.map(({ name }) => name)
}
