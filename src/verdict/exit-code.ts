import { EXIT } from '../lib/errors.ts'
import type { Results } from './results.ts'

/** The exit code of a run (fixed). An interrupted run ends with the signal's code, whatever its tiers say; a deadline is no interruption by a person. */
export function exitCodeOf(results: Pick<Results, 'verdict' | 'run'>, interrupted = results.run.interrupted): number {
  if (interrupted === 'SIGTERM') return EXIT.sigterm
  if (interrupted === 'SIGINT' || interrupted === 'cancel') return EXIT.sigint
  return EXIT[results.verdict]
}
