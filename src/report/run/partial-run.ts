import type { Results } from '../../verdict/results.ts'

const CODES = ['quick-run', 'resumed-run', 'filtered-run']

/** What a run that is only part of a life did not judge, in words; empty for any other run. It stands beside the verdict, wherever that is shown. */
export function partText({ findings }: Pick<Results, 'findings'>): string {
  return findings.find(({ code }) => CODES.includes(code))?.message ?? ''
}
