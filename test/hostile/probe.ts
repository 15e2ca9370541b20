import { request as ask } from 'node:http'
import { request as askSafely } from 'node:https'

/**
 * A program: asks one host at an edge, and the engine, twice a second until it is killed, and prints a line for each look: `good`, `strange` (another's
 * answer), or `missed`, with what came.
 *   probe.ts HOST PORT TEXT SOCKET     TEXT: what stands in the page of the right app
 */
const [host = '', port = '', text = '', socketPath = ''] = process.argv.slice(2)
/** The edge's own words for: nobody, or nobody now. They are no answer of somebody else's. */
const EDGE_ALONE = /^(404 page not found|Bad Gateway|Gateway Timeout|Service Unavailable|no available server)\s*$/
const LONGEST_MS = 30_000

setInterval(() => void look(), 500)
process.stdout.on('error', () => process.exit())

async function look(): Promise<void> {
  const [page, engine] = await Promise.all([
    body(askSafely, { host: '127.0.0.1', port, servername: host, headers: { host }, rejectUnauthorized: false }),
    body(ask, { socketPath, path: '/_ping' }),
  ])
  const seen = page?.includes(text) ? 'good' : page === null || EDGE_ALONE.test(page) ? 'missed' : 'strange'
  const word = seen === 'good' && engine !== 'OK' ? 'missed' : seen
  process.stdout.write(`${word} ${JSON.stringify([page?.slice(0, 80), engine])}\n`)
}

function body(by: typeof ask, options: object): Promise<string | null> {
  return new Promise((resolve) => {
    const asked = by({ ...options, agent: false, timeout: LONGEST_MS }, (response) => {
      let whole = ''
      response.setEncoding('utf8').on('data', (chunk: string) => {
        whole += chunk
      })
      response.on('end', () => resolve(whole)).on('error', () => resolve(null))
    })
    asked.on('timeout', () => asked.destroy()).on('error', () => resolve(null))
    asked.end()
  })
}
