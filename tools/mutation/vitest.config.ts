import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Files with properties, files and programs, the slowest last: a change is tried until the first test that notices it. */
const SLOWEST = ['verdict/fold', 'verdict/event-log']

class QuickestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) =>
      SLOWEST.findIndex((name) => moduleId.endsWith(`/test/${name}.test.ts`))
    return files.toSorted((a, b) => rank(a) - rank(b))
  }
}

/** The pure tests alone: what they miss of the verdict, no test on the engine may hide. */
export default defineConfig({
  test: {
    include: ['test/{verdict,engine}/**/*.test.ts'],
    pool: 'threads',
    sequence: { sequencer: QuickestFirst },
  },
})
