import type { Results } from '../verdict/results.ts'

/** What a quick run did not judge, in words; empty for any other run. It stands beside the verdict, wherever that is shown. */
export function quickText({ findings }: Pick<Results, 'findings'>): string {
  return findings.find(({ code }) => code === 'quick-run')?.message ?? ''
}
