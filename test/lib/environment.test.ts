import { globSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { ENVIRONMENT, fromEnvironment, VARIABLES_OF_RUNS } from '../../src/lib/environment.ts'
import { SERVER_SETTINGS } from '../../src/server/settings/table.ts'

const known = new Set<string>([
  ...Object.keys(ENVIRONMENT),
  ...SERVER_SETTINGS.flatMap(({ variable }) => [variable, `${variable}_FILE`]),
])
const sources = globSync('src/**/*.{ts,sh}')

test('no source names a variable that no table has', () => {
  const unknown = sources.flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/\bCC_CI_[A-Z][A-Z_]*/g)].flatMap(([name]) =>
      known.has(name) ? [] : [`${file}: ${name}`],
    ),
  )
  expect(unknown).toEqual([])
  expect(sources.length).toBeGreaterThan(100)
})

test('every variable of the table is used somewhere beside it', () => {
  const texts = [...globSync('src/**/*'), 'bin/cc-ci']
    .filter((file) => file !== 'src/lib/environment.ts' && /\.(?:ts|sh)$|\/bin\//.test(file))
    .map((file) => readFileSync(file, 'utf8'))
  const unused = Object.keys(ENVIRONMENT).filter((name) => !texts.some((text) => text.includes(name)))
  expect(unused).toEqual([])
})

test('readers outside the sandbox use the table', () => {
  const direct = sources
    .filter((file) => !file.startsWith('src/inside/'))
    .filter((file) =>
      /process\.env(?:\.|\[')CC_CI_|CC_CI_[A-Z_]+[^\n]*\} = process\.env/.test(readFileSync(file, 'utf8')),
    )
  // The mark of a run is taken out, not read.
  expect(direct).toEqual(['src/canaries/child.ts'])
})

test('a value, an empty value, a default', () => {
  expect(fromEnvironment('CC_CI_IMAGES_AGE', { CC_CI_IMAGES_AGE: '7d' })).toBe('7d')
  expect(fromEnvironment('CC_CI_IMAGES_AGE', { CC_CI_IMAGES_AGE: '' })).toBe('30d')
  expect(fromEnvironment('CC_CI_EDGE', {})).toBeNull()
})

test('runs of a worker get what is for runs, and no secret', () => {
  expect(VARIABLES_OF_RUNS).toContain('CC_CI_EDGE')
  expect(VARIABLES_OF_RUNS).not.toContain('CC_CI_OPERATOR_TOKEN')
  expect(VARIABLES_OF_RUNS).not.toContain('CC_CI_RUN')
})
