import { defineConfig } from 'vitest/config'

/** Pure tests, and tests on the real engine with longer deadlines. Two files at a time: runs do not see each other, two cores do. */
export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      {
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/swarm/**', 'test/cli/**', 'node_modules/**'],
          pool: 'forks',
          testTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'swarm',
          include: ['test/swarm/**/*.test.ts', 'test/cli/**/*.test.ts'],
          pool: 'forks',
          maxConcurrency: 3,
          testTimeout: 300_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
})
