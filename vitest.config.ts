import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Files that take minutes, longest first: begun last, each would keep one worker busy when the others have nothing left to do. */
const LONGEST = [
  'cli/real-recipes',
  'server/recipe',
  'cli/selftest',
  'cli/ci-image',
  'cli/custom-code',
  'cli/interruption',
  'swarm/convergence',
]

class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) => {
      const index = LONGEST.findIndex((name) => moduleId.endsWith(`/test/${name}.test.ts`))
      return index === -1 ? LONGEST.length : index
    }
    return (await super.sort(files)).sort((a, b) => rank(a) - rank(b))
  }
}

/**
 * Tests without an engine that start programs by the dozen (git, Node, docker, the sandbox's browser runner) or wait for real time. Not in `npm run test:unit`, which
 * somebody runs after each change; `npm test` has them. A file that takes more than 8 s alone belongs here.
 */
const PROGRAMS = [
  'checks/quiet',
  'gate/approved',
  'history/attribution/attribute',
  'history/canonicals/killed',
  'history/canonicals/plan',
  'history/retention/kill',
  'history/runs-diff',
  'history/sweep/killed',
  'history/weekly/report-command',
  'init/init',
  'inside/bad-tests',
  'inside/guide',
  'inside/hook',
  'inside/tests',
  'lifecycle/base-histories',
  'lifecycle/base/choose-base',
  'lifecycle/base/requested-bases',
  'lifecycle/maintained',
  'lifecycle/namespaces',
  'package/package',
  'recipe/as-operators-deploy',
  'recipe/docker-oracle',
  'recipe/lint',
  'recipe/oddities',
  'recipe/repository/repo',
  'recipe/small-stacks',
  'recipe/whole-corpus',
].map((name) => `test/${name}.test.ts`)

/** Only against a hang: what takes a second alone takes minutes on a machine that has much else to do. */
const MINUTES = 300_000

/** Pure tests, and tests on the real engine with longer deadlines. Runs do not see each other; three files at a time keep two cores busy. */
export default defineConfig({
  test: {
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: [
            ...PROGRAMS,
            'test/swarm/**',
            'test/cli/**',
            'test/server/**',
            'test/hostile/**',
            'node_modules/**',
          ],
          pool: 'forks',
          testTimeout: MINUTES,
          hookTimeout: MINUTES,
        },
      },
      {
        test: {
          name: 'programs',
          include: PROGRAMS,
          pool: 'forks',
          testTimeout: MINUTES,
          hookTimeout: MINUTES,
        },
      },
      {
        test: {
          name: 'swarm',
          include: ['test/swarm/**/*.test.ts', 'test/cli/**/*.test.ts'],
          pool: 'forks',
          maxConcurrency: 2,
          testTimeout: 900_000,
          hookTimeout: 900_000,
        },
      },
      {
        test: {
          name: 'server',
          include: ['test/server/**/*.test.ts'],
          pool: 'forks',
          testTimeout: 2 * MINUTES,
          hookTimeout: 2 * MINUTES,
        },
      },
    ],
  },
})
