import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/**
 * Answers on loopback what an empty Swarm would that has every external object and takes everything. With it the docker CLI comes to
 * the end of `stack deploy`, so that what is left are its own refusals. Only for recording: no test takes it for an engine.
 */
export async function agreeableEngine(): Promise<{ host: string } & AsyncDisposable> {
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://engine')
    const [kind, name] = url.pathname
      .replace(/^\/v[\d.]+/, '')
      .split('/')
      .slice(1)
    request.resume()
    response.setHeader('API-Version', '1.50')
    response.setHeader('Content-Type', 'application/json')
    const answer = (body: unknown, status = 200) => response.writeHead(status).end(JSON.stringify(body))
    if (kind === '_ping') return response.end('OK')
    if (kind === 'info') return answer({ Swarm: { ControlAvailable: true, LocalNodeState: 'active' }, OSType: 'linux' })
    if (request.method === 'POST') return answer({ ID: 'made', Id: 'made' }, 201)
    if (kind === 'networks' && name) return answer({ Name: name, Id: name, Scope: 'swarm' })
    if ((kind === 'secrets' || kind === 'configs') && !name)
      return answer(namesIn(url).map((Name) => ({ ID: Name, Spec: { Name } })))
    return name ? answer({ message: 'not found' }, 404) : answer([])
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    host: `tcp://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => void server.close(() => resolve())),
  }
}

function namesIn(url: URL): string[] {
  const filters = JSON.parse(url.searchParams.get('filters') ?? '{}') as { name?: Record<string, boolean> }
  return Object.keys(filters.name ?? {})
}
