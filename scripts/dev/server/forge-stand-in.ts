import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

const USER = { id: 1, login: 'cc-ci', username: 'cc-ci' }

/**
 * A forge on loopback without repositories, pull requests or comments: enough for a server to start, to poll and to draw its pages. It knows the
 * account of the token, answers lists with an empty one, takes comments and statuses without keeping them, and answers everything else with 404. Gives its URL.
 */
export async function startForgeStandIn(): Promise<string> {
  const server = createServer(({ method, url = '' }, response) => {
    const path = url.split('?')[0] ?? ''
    const body = method === 'GET' ? readAt(path) : method === 'POST' && TAKEN.test(path) ? { id: 1 } : null
    response.writeHead(body === null ? 404 : 200, { 'content-type': 'application/json' })
    response.end(JSON.stringify(body ?? { message: 'not on this stand-in' }))
  })
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve))
  server.unref()
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

function readAt(path: string): unknown {
  if (path === '/api/v1/user') return USER
  if (/\/commits\/\w+\/status$/.test(path)) return { statuses: [] }
  return LISTS.test(path) ? [] : null
}

const TAKEN = /\/(?:issues\/\d+\/comments|statuses\/\w+)$/
const LISTS = /\/(?:repos|issues|comments|hooks|pulls|branches|tags|statuses|timeline)(?:\/search)?$/
