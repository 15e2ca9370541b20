import { describe, expect, it } from 'vitest'
import { compare, readExplained, readMutants, totalScore } from '../../scripts/test/mutation/mutation-report.ts'

const SOURCE = 'const a = 1\nif (a > 0) {\n  run()\n}\n'

function mutant(status: string, from: [number, number], to: [number, number], replacement = 'false') {
  const [start, end] = [from, to].map(([line, column]) => ({ line, column }))
  return { id: '1', mutatorName: 'x', replacement, status, location: { start, end } }
}

function report(...mutants: ReturnType<typeof mutant>[]) {
  return {
    schemaVersion: '2',
    files: {
      'src/b.ts': { language: 'ts', source: SOURCE, mutants: [] },
      'src/a.ts': { language: 'ts', source: SOURCE, mutants },
    },
  }
}

const condition = mutant('Survived', [2, 5], [2, 10])
const block = mutant('NoCoverage', [2, 12], [4, 2], '{}')
const survivors = [
  { line: 'if (a > 0) {', was: 'a > 0', now: 'false' },
  { line: 'if (a > 0) {', was: '{ run() }', now: '{}' },
]

describe('readMutants', () => {
  it('names what survived by its text, covered by a test or not', () => {
    expect(readMutants(report(condition, block, mutant('Killed', [1, 1], [1, 2]))).survivors).toEqual({
      'src/a.ts': survivors,
      'src/b.ts': [],
    })
  })

  it('counts an endless loop as noticed, and leaves out what was not tried', () => {
    const states = ['Killed', 'Timeout', 'Killed', 'Survived', 'Ignored', 'CompileError', 'RuntimeError']
    const { scores } = readMutants(report(...states.map((state) => mutant(state, [1, 1], [1, 2]))))
    expect(scores).toEqual([
      { file: 'src/a.ts', killed: 3, survived: 1, score: 75 },
      { file: 'src/b.ts', killed: 0, survived: 0, score: 100 },
    ])
    expect(totalScore([...scores, { file: 'src/c.ts', killed: 1, survived: 3, score: 25 }])).toMatchObject({
      killed: 4,
      survived: 4,
      score: 50,
    })
  })

  it('refuses what is no report', () => {
    expect(() => readMutants({ files: { 'src/a.ts': { mutants: [] } } })).toThrow('source')
  })
})

describe('compare', () => {
  const found = { 'src/a.ts': survivors, 'src/b.ts': [] }
  const why = 'it is the same'
  const explained = survivors.map((one) => ({ ...one, why }))

  it('is content when each survivor is explained, however its lines are broken', () => {
    const broken = explained.map((one) => ({ ...one, was: one.was.replaceAll(' ', '\n  ') }))
    for (const known of [explained, broken]) {
      expect(compare(found, { 'src/a.ts': known })).toEqual({ unexplained: {}, outdated: {} })
    }
  })

  it('finds a survivor that is new, and an explanation that is of no use any more', () => {
    const gone = { line: 'x', was: 'x', now: 'y' }
    const known = { 'src/a.ts': explained.slice(0, 1), 'src/b.ts': [{ ...gone, why }] }
    expect(compare(found, known)).toEqual({
      unexplained: { 'src/a.ts': survivors.slice(1) },
      outdated: { 'src/b.ts': [gone] },
    })
  })

  it('says nothing of files that were not tried', () => {
    expect(compare({ 'src/b.ts': [] }, { 'src/a.ts': explained })).toEqual({ unexplained: {}, outdated: {} })
  })
})

it('an explanation needs a reason', () => {
  expect(readExplained(null)).toEqual({})
  for (const why of ['', 'equivalent']) {
    expect(() => readExplained({ 'src/a.ts': [{ ...survivors[0], why }] })).toThrow('say why')
  }
})
