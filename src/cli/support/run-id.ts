import { UsageError } from '../../lib/errors.ts'
import { listRuns } from '../../lifecycle/run-folder.ts'

/** A run by its id, by the end of its id, or `last`. Throws UsageError `no-such-run` or `ambiguous-run`. */
export function expandRunId(stateDir: string, text: string): string {
  const all = listRuns(stateDir)
  if (text === 'last' && all[0]) return all[0]
  const matches = all.filter((id) => id === text || id.endsWith(text))
  if (matches.length === 1 && matches[0]) return matches[0]
  if (matches.length > 1) {
    throw new UsageError('ambiguous-run', `${matches.length} runs end with "${text}"`, {
      hint: `Say one of: ${matches.slice(0, 8).join(', ')}.`,
    })
  }
  throw new UsageError('no-such-run', `no run "${text}" in ${stateDir}`, {
    hint: '`cc-ci runs` lists them; --state names another folder.',
  })
}
