import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

const USER = { id: 1, login: 'cc-ci', username: 'cc-ci' }

/**
 * A forge on loopback without repositories, pull requests or comments: enough for a server to start, to poll and to draw its pages. It knows the
 * account of the token, answers lists with an empty one, and everything else with 404. Gives its URL.
 */
export async function startForgeStandIn(): Promise<string> {
  const server = createServer(({ method, url = '' }, response) => {
    const path = url.split('?')[0] ?? ''
    const body = path === '/api/v1/user' ? USER : LISTS.test(path) ? [] : null
    const found = method === 'GET' && body !== null
    response.writeHead(found ? 200 : 404, { 'content-type': 'application/json' })
    response.end(JSON.stringify(found ? body : { message: 'not on this stand-in' }))
  })
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve))
  server.unref()
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const LISTS = /\/(?:repos|issues|comments|hooks|pulls|branches|tags|statuses|timeline)(?:\/search)?$/
