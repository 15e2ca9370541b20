import { defineConfig } from 'vitest/config'

/** Two projects: pure tests side by side; tests on the real engine one file at a time, because the machine is one. */
export default defineConfig({
  test: {
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
          fileParallelism: false,
          maxConcurrency: 3,
          testTimeout: 300_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
})
