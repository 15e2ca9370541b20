/** As much of a test as is needed to tell how it failed. */
interface FailedTest {
  readonly file: string
  readonly title: string
  readonly error?: string
}

/** Together with where the machine stood they fit into what a terminal shows of a cause; the rows of the tests have all of it. */
const FIRST_LINES = 4
const OTHERS_NAMED = 3

/** The first failure with what its message begins with and where it is; of the others, which they are. */
export function failedTestLines([first, ...others]: readonly FailedTest[]): string[] {
  if (!first) return []
  const said = (first.error ?? '').split('\n').filter((line) => line.trim() !== '' && !CODE_FRAME.test(line))
  const rest = said.slice(FIRST_LINES)
  const names = others.slice(0, OTHERS_NAMED).map(({ title }) => `"${title}"`)
  const more = others.length > names.length ? `${names.join(', ')} and more` : names.join(', ')
  return [
    `${first.file} › ${first.title}`,
    ...said.slice(0, FIRST_LINES),
    ...(rest.length > 1 ? ['…'] : []),
    ...rest.slice(-1),
    ...(others.length > 0 ? [`${others.length} more: ${more}`] : []),
  ]
}

/** A line of the code around the place, as the test runner draws it: `> 12 |   expect(…)`, `     |   ^`. */
const CODE_FRAME = /^\s*(>?\s*\d+)?\s*\|/
