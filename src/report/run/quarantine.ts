import type { Results } from '../../verdict/results.ts'

/** A line for each test that decides nothing: how it ended, why it is excused, and until when. */
export function quarantineTexts({ tiers }: Pick<Results, 'tiers'>): string[] {
  return tiers.flatMap(({ id, tests }) =>
    tests.flatMap(({ title, file, status, quarantined }) =>
      quarantined
        ? [`quarantined until ${quarantined.until}: ${id} "${title}" (${file}) ${status}; ${quarantined.reason}`]
        : [],
    ),
  )
}
