import { describe, expect, test } from 'vitest'
import { ensureFixtureImages, FIXTURE_IMAGES } from '../../fixtures/images/index.ts'
import { dockerfileOf, type ImageDefinition, inputHash, inputTag } from '../../src/images/definition.ts'
import { keycloakImage } from '../../src/images/keycloak.ts'
import { smtpSinkImage } from '../../src/images/smtp-sink.ts'
import { toolbox } from '../../src/images/toolbox.ts'

const plain: ImageDefinition = {
  tag: 'a/b:1',
  from: null,
  steps: ['CMD ["x"]'],
  files: { f: '1' },
  fetch: { key: 'p 1', into: async () => {} },
}

describe('the hash of what goes into an image', () => {
  test('is the same for the same inputs', () => expect(inputHash({ ...plain })).toBe(inputHash(plain)))

  test.each<[string, Partial<ImageDefinition>]>([
    ['a step', { steps: ['CMD ["y"]'] }],
    ['a file', { files: { f: '2' } }],
    ['a file name', { files: { g: '1' } }],
    ['what is fetched', { fetch: { key: 'p 2', into: async () => {} } }],
    ['a label', { labels: { l: '1' } }],
    ['the base', { from: plain }],
  ])('changes with %s', (_, change) => expect(inputHash({ ...plain, ...change })).not.toBe(inputHash(plain)))

  test('changes with the base of the base', () => {
    const on = (from: ImageDefinition): ImageDefinition => ({ ...plain, from: { ...plain, tag: 'm/m:1', from } })
    expect(inputHash(on(plain))).not.toBe(inputHash(on({ ...plain, steps: [] })))
  })
})

test('an image stands on the inputs of its base, not on a tag that may move', () => {
  const above: ImageDefinition = { tag: 'host:5000/a/c:2', from: plain, steps: ['CMD ["z"]'] }
  expect(dockerfileOf(above)).toBe(`FROM ${inputTag(plain)}\nCMD ["z"]\n`)
  expect(inputTag(above)).toMatch(/^host:5000\/a\/c:in-[0-9a-f]{12}$/)
})

test('a tag has the same inputs wherever it is used, and no two tags share them', () => {
  const fixtures = Object.values(FIXTURE_IMAGES).flatMap((makers) => makers.map((make) => make()))
  const all = [toolbox(), keycloakImage(), smtpSinkImage(), ...fixtures]
  const [tags, inputs] = [new Set(all.map((one) => one.tag)), new Set(all.map(inputHash))]
  expect(new Set(all.map((one) => `${one.tag} ${inputHash(one)}`)).size).toBe(tags.size)
  expect(inputs.size).toBe(tags.size)
})

test('an unknown fixture is named with those that exist', async () => {
  await expect(ensureFixtureImages(['nope'])).rejects.toMatchObject({
    code: 'no-such-fixture',
    hint: `One of: ${Object.keys(FIXTURE_IMAGES).join(', ')}.`,
  })
})
