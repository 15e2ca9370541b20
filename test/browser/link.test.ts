import { connect as connectHttp2 } from 'node:http2'
import { type AddressInfo, createServer, type Server } from 'node:net'
import { duplexPair } from 'node:stream'
import { text } from 'node:stream/consumers'
import { expect, it } from 'vitest'
import { BoxLink } from '../../src/browser/link.ts'

/** What has taken the container over may ask for anything in the place of the program there. */
async function linked() {
  const server: Server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => undefined)
    socket.once('data', (bytes) => socket.end(`edge heard ${bytes}`))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const [inside, outside] = duplexPair()
  const link = new BoxLink(outside, { host: '127.0.0.1', httpsPort: port, httpPort: null, apiPort: port, ca: null })
  const box = connectHttp2('http://cc-ci', { createConnection: () => inside })
  box.on('error', () => undefined)
  const ask = async (path: string) => {
    const stream = box.request({ ':method': 'POST', ':path': path }, { endStream: false })
    const status = new Promise<number>((resolve, reject) => {
      stream.once('response', (headers) => resolve(Number(headers[':status'])))
      stream.once('error', reject)
    })
    stream.write('hello')
    stream.end()
    return { status: await status, said: await text(stream) }
  }
  return {
    ...{ link, ask, box },
    async [Symbol.asyncDispose]() {
      box.destroy()
      link.close()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

it('leads to the edge', async () => {
  await using box = await linked()
  expect(await box.ask('/edge/https')).toEqual({ status: 200, said: 'edge heard hello' })
})

it.each(['/edge/http', '/edge/api', '/edge/https/../api', '/edge/8080', '/', '/192.0.2.1:80', '/constructor'])(
  'leads nowhere else: %s',
  async (path) => {
    await using box = await linked()
    expect(await box.ask(path)).toEqual({ status: 404, said: '' })
  },
)

it('bounds what is asked for at once, and how much of it is held', async () => {
  await using box = await linked()
  await box.ask('/edge/https')
  expect(box.box.remoteSettings).toMatchObject({ maxConcurrentStreams: 300, maxHeaderListSize: 4096 })
})

it('has the protocol once, and is over when the other side goes', async () => {
  await using box = await linked()
  const stream = box.box.request({ ':method': 'POST', ':path': '/protocol' }, { endStream: false })
  await box.link.pipe.there
  expect((await box.ask('/protocol')).status).toBe(404)
  stream.on('error', () => undefined)
  box.box.destroy()
  await box.link.over
  expect(box.link.pipe.ended).not.toBeNull()
})
