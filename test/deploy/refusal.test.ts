import { describe, expect, test } from 'vitest'
import { DeployFailure } from '../../src/deploy/deploy-failure.ts'
import { blameRecipe, refusalCode } from '../../src/deploy/refusal.ts'
import { EngineRefusal } from '../../src/engine/connection.ts'
import { InfraError } from '../../src/lib/errors.ts'

describe('what the engine says of what a recipe asks for', () => {
  test.each([
    [
      'Error response from daemon: rpc error: code = InvalidArgument desc = only updates to Labels are allowed',
      'config-version-not-bumped',
    ],
    [
      'Error response from daemon: rpc error: code = InvalidArgument desc = invalid memory value 1048576: Must be at least 4MiB',
      'engine-refused',
    ],
    [
      'failed to create config x: Error response from daemon: rpc error: code = InvalidArgument desc = config data must be larger than 0',
      'engine-refused',
    ],
    ['rpc error: code = AlreadyExists desc = name conflicts with an existing object', 'engine-refused'],
    [
      'failed to create network x: Error response from daemon: Pool overlaps with other one on this address space',
      'address-pool-exhausted',
    ],
    [
      'Error response from daemon: could not find an available, non-overlapping IPv4 address pool',
      'address-pool-exhausted',
    ],
    [
      "rpc error: code = InvalidArgument desc = port '80' is already in use by service 'x' (1) as an ingress port",
      'port-in-use',
    ],
    ['Error response from daemon: write /x: no space left on device', 'disk-full'],
    [
      'invalid image reference for service app: invalid reference format: repository name (Bar) must be lowercase',
      'compose-invalid',
    ],
    ['Error response from daemon: secret not found: x', 'secret-missing'],
    ['Cannot connect to the Docker daemon at unix:///x. Is the docker daemon running?', 'engine-lost'],
    ['error during connect: Get "http://x": EOF', 'engine-lost'],
    ['Error response from daemon: rpc error: code = Unavailable desc = x', 'engine-lost'],
    ['Error response from daemon: rpc error: code = Unknown desc = The swarm does not have a leader.', 'engine-lost'],
    ['services.app Additional property nonsense is not allowed', null],
  ])('%s → %s', (said, code) => expect(refusalCode(said)).toBe(code))
})

describe('what a recipe describes', () => {
  const asking = (error: unknown) => blameRecipe('the secret x', () => Promise.reject(error), 'app')

  test.each([
    [400, 'secret data must be larger than 0', 'engine-refused'],
    [409, 'secret x already exists', 'engine-refused'],
    [400, 'invalid reference format', 'compose-invalid'],
    [301, '', 'engine-refused'],
  ])('is the fault of the recipe where the engine refuses it: HTTP %i %s → %s', async (status, words, code) => {
    const error = await asking(new EngineRefusal('POST /x', status, words)).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(DeployFailure)
    expect(error).toMatchObject({
      found: { code, blame: 'recipe', service: 'app', message: `the engine refuses the secret x: ${words}` },
    })
  })

  test.each([
    new EngineRefusal('POST /x', 503, 'no leader'),
    new EngineRefusal('POST /x', 429, 'later'),
    new InfraError('engine-lost', 'x'),
  ])('is not where the engine cannot say: %s', async (error) => {
    await expect(asking(error)).rejects.toBe(error)
  })

  test('is given where the engine has nothing against it', async () =>
    expect(await blameRecipe('x', async () => 7)).toBe(7))
})
