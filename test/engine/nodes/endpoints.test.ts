import { describe, expect, it } from 'vitest'
import { nodeEndpoints } from '../../../src/engine/nodes/endpoints.ts'

describe('CC_CI_NODES', () => {
  it('names the engine of each node, in any order and with room between', () => {
    expect(nodeEndpoints('n2=unix:///run/cc-ci/n2.sock, n3=tcp://10.0.0.3:2376 ,')).toEqual([
      { node: 'n2', host: 'unix:///run/cc-ci/n2.sock' },
      { node: 'n3', host: 'tcp://10.0.0.3:2376' },
    ])
    expect(nodeEndpoints('n3=tcp://[fd00::3]:2376')).toEqual([{ node: 'n3', host: 'tcp://[fd00::3]:2376' }])
    expect(nodeEndpoints('')).toEqual([])
  })

  it.each([
    ['n2', /CC_CI_NODES says "n2"/],
    ['n2=/run/n2.sock', /CC_CI_NODES says "n2=\/run\/n2\.sock"/],
    ['n2=ssh://root@n2', /CC_CI_NODES says "n2=ssh:/],
    ['n2=tcp://n2', /no host and port/],
    ['n2=unix:///a,n2=unix:///b', /names n2 twice/],
  ])('%s is refused, with what is allowed', (text, message) => {
    expect(() => nodeEndpoints(text)).toThrow(message)
    expect(() => nodeEndpoints(text)).toThrow(expect.objectContaining({ code: 'bad-nodes', exitCode: 2 }))
    expect(() => nodeEndpoints(text)).toThrow(expect.objectContaining({ hint: expect.stringContaining('ssh -N -L') }))
  })
})
