import { expect, test } from 'vitest'
import { resolveImages } from '../../src/deploy/images.ts'
import { standIn } from '../engine/contract/stand-in.ts'

test('an image that has no room on the disk is a matter of the machine, and no registry is blamed', async () => {
  const words = 'failed to register layer: Error processing tar file: write /lib/x: no space left on device'
  await using stand = await standIn((request, response) => {
    const pulls = request.method === 'POST'
    response.writeHead(pulls ? 200 : 404, { 'Content-Type': 'application/json' })
    response.end(
      pulls ? `${JSON.stringify({ errorDetail: { message: words }, error: words })}\n` : '{"message":"none"}',
    )
  })
  const model = { services: { app: { image: 'web:1' } } } as never
  await expect(resolveImages(stand.engine, model, { signal: AbortSignal.timeout(60_000) })).rejects.toMatchObject({
    found: { code: 'disk-full', blame: 'infra', service: 'app', message: expect.stringContaining('no space left') },
  })
})
