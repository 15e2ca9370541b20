import { defineConfig } from 'vitest/config'

/** Only against a hang. */
const LONGEST_MS = 30 * 60_000

/** Of its own, because it makes a busy machine of the one that it runs on: `npm run test:hostile`. */
export default defineConfig({
  test: {
    include: ['test/hostile/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 1,
    testTimeout: LONGEST_MS,
    hookTimeout: LONGEST_MS,
  },
})
