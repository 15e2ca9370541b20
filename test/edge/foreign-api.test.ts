import { createServer as createPlain, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { type EdgeAddress, foreignEdge } from '../../src/edge/address.ts'
import { makeCertificate } from '../../src/edge/certificate.ts'
import { routesFor } from '../../src/edge/routes.ts'

const HOST = 'traefik.ci.test'
const DOMAIN = 'blog-1a2b3c.ci.test'
const CC_CI_EDGE = '127.0.0.1:8443'

/** The API of a Traefik that wants a password, at a host of its own among others. */
async function played(secure: boolean) {
  const { ca, certificate: cert, key } = await makeCertificate()
  const asked: string[] = []
  const answer = ({ url = '/', headers }: IncomingMessage, response: ServerResponse) => {
    const given = Buffer.from(headers.authorization?.replace('Basic ', '') ?? '', 'base64').toString()
    asked.push(`${headers.host} ${given}`)
    if (secure && (headers.host !== HOST || given !== 'ops:p@ss')) response.writeHead(401).end()
    else response.end(JSON.stringify(url.startsWith('/api/http/routers') ? [ROUTER] : []))
  }
  const server = secure ? createServer({ cert, key }, answer) : createPlain(answer)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const close = () => new Promise((resolve) => server.close(resolve))
  return { port, ca, asked, [Symbol.asyncDispose]: async () => void (await close()) }
}

const RULE = `Host(\`${DOMAIN}\`)`
const ROUTER = { name: 'blog@docker', rule: RULE, service: 'blog', provider: 'docker', status: 'enabled' }

const edge = (env: Record<string, string>, more: Partial<EdgeAddress> = {}): EdgeAddress => ({
  ...(foreignEdge({ CC_CI_EDGE, ...env }) as EdgeAddress),
  ...more,
})

describe("the API of an operator's own Traefik", () => {
  it('is asked through the edge by the name of the dashboard, with the password', async () => {
    await using api = await played(true)
    const at = edge({ CC_CI_EDGE_API: `https://ops:p%40ss@${HOST}/` }, { httpsPort: api.port, ca: api.ca })
    expect(await routesFor(DOMAIN, at)).toMatchObject([{ router: 'blog@docker', service: 'blog@docker' }])
  })

  it('that does not let us in is told without the password', async () => {
    await using api = await played(true)
    const at = edge({ CC_CI_EDGE_API: `https://ops:wrong@${HOST}` }, { httpsPort: api.port, ca: api.ca })
    const reported = await routesFor(DOMAIN, at).catch((error: unknown) => error)
    expect(reported).toMatchObject({ code: 'edge-silent', hint: expect.stringContaining('CC_CI_EDGE_API') })
    expect(String((reported as Error).cause)).toContain('status 401')
    expect(`${reported} ${(reported as Error).cause}`).not.toContain('wrong')
  })

  it('is not asked where the certificate is somebody else’s', async () => {
    await using api = await played(true)
    const other = await makeCertificate()
    const at = edge({ CC_CI_EDGE_API: `https://ops:p%40ss@${HOST}` }, { httpsPort: api.port, ca: other.ca })
    await expect(routesFor(DOMAIN, at)).rejects.toMatchObject({ code: 'edge-silent' })
    expect(api.asked).toEqual([])
  })

  it('is asked without TLS on this machine', async () => {
    await using api = await played(false)
    const at = edge({ CC_CI_EDGE_API: `http://127.0.0.1:${api.port}` })
    expect(await routesFor(DOMAIN, at)).toMatchObject([{ router: 'blog@docker' }])
  })

  it.each([
    'traefik.example.org',
    'http://traefik.example.org',
    'http://10.0.0.1:8080',
    'https://ops:secret-word@traefik.example.org:444',
    'https://ops:secret-word@traefik.example.org/api',
    'http://127.0.0.1:8080/?x',
    'ftp://127.0.0.1',
  ])('may not be %s', (CC_CI_EDGE_API) => {
    const reported = (() => {
      try {
        return edge({ CC_CI_EDGE_API })
      } catch (error) {
        return error
      }
    })()
    expect(reported).toMatchObject({ code: 'bad-edge-api' })
    expect(String(reported)).not.toContain('secret-word')
  })
})
