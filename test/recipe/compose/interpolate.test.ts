import fc from 'fast-check'
import { expect, test } from 'vitest'
import { InterpolationProblem, interpolate, variablesOf } from '../../../src/recipe/compose/interpolate.ts'
import { hasStackConfig, stackConfig } from '../docker-cli.ts'
import { folder } from '../throwaway.ts'

const ENV: Record<string, string> = { SET: 'value', EMPTY: '', _x1: 'under' }
const run = (text: string) => interpolate(text, (name) => ENV[name])

test.each([
  ['$SET', 'value'],
  ['${SET}', 'value'],
  ['$$SET', '$SET'],
  ['$_x1.', 'under.'],
  ['${UNSET:-d}', 'd'],
  ['${EMPTY:-d}', 'd'],
  ['${UNSET-d}', 'd'],
  ['${EMPTY-d}', ''],
  ['${SET:?m}', 'value'],
  ['${EMPTY?m}', ''],
  ['${UNSET:-${SET}}', '${SET}'],
  ['$UNSET:-rest of it', 'rest of it'],
  ['$SET-rest of it', 'value'],
  ['${UNSET-b:-c}', 'c'],
])('%s becomes %s', (text, expected) => {
  expect(run(text).text).toBe(expected)
})

test.each([
  '$',
  'a$',
  '$1',
  '${}',
  '${ A}',
  '${SET:+a}',
  '${SET+a}',
  '${SET',
  '${UNSET:?m}',
  '${EMPTY:?m}',
  '${UNSET?m}',
])('%s is refused', (text) => {
  expect(() => run(text)).toThrow(InterpolationProblem)
})

test('names without value and default are reported', () => {
  expect(run('$A ${B} ${C:-} $SET').undefinedNames).toEqual(['A', 'B'])
})

test('variables are listed with their operators', () => {
  expect(variablesOf('$A ${B:-x} ${C?m} $$D')).toEqual([
    { name: 'A', operator: '', word: '', braces: false },
    { name: 'B', operator: ':-', word: 'x', braces: true },
    { name: 'C', operator: '?', word: 'm', braces: true },
  ])
})

test('a text with its dollars doubled comes out as it was', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(run(text.replaceAll('$', '$$$$')).text).toBe(text)
    }),
  )
})

const word = fc.stringMatching(/^[a-z 0-9?:-]{0,5}$/)
const part = fc.oneof(
  {
    weight: 3,
    arbitrary: fc
      .tuple(fc.constantFrom('SET', 'EMPTY', 'UNSET', '_x1'), fc.constantFrom('', ':-', '-', ':?', '?', ':+'), word)
      .map(([n, o, w]) => `\${${n}${o}${o && w}}`),
  },
  fc.constantFrom('$$', '$SET', '$UNSET', '$SET:-x', '$EMPTY-y', '}', '{', ' ', 'text', '$', '${', '/'),
)

test('agrees with the docker CLI on random texts', async () => {
  if (!(await hasStackConfig())) return
  const texts = fc.sample(
    fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('')),
    { numRuns: 300, seed: 42 },
  )
  const ours = texts.map((text) => {
    try {
      return run(text).text
    } catch {
      return null
    }
  })
  const compose = (list: string[]) =>
    `version: "3.8"\nservices:\n  app:\n    image: x\n    command: ${JSON.stringify(list)}\n`
  const dir = await folder({})
  const accepted = texts.filter((_, i) => ours[i] !== null)
  const answer = await stackConfig(dir, ['-'], ENV, compose(accepted))
  expect(answer).toHaveProperty(
    'document.services.app.command',
    ours.filter((text) => text !== null),
  )
  // The CLI forgets a fault when another variable follows it in the same text; we do not.
  const refused = texts.filter((text, i) => ours[i] === null && text.lastIndexOf('$') === text.indexOf('$')).slice(0, 8)
  expect(refused.length).toBeGreaterThan(0)
  for (const text of refused)
    expect(await stackConfig(dir, ['-'], ENV, compose([text])), text).toHaveProperty('refused')
})
