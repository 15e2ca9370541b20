import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Side } from '../../history/compare/comparison.ts'
import { logWarnings } from '../../history/compare/log-warnings.ts'
import { InfraError } from '../../lib/errors.ts'
import type { Masker } from '../../lib/masking/mask.ts'
import { runFolder } from '../../lifecycle/run-folder.ts'
import { parseResults } from '../../verdict/results.ts'

const RESULTS_BYTES = 8 * 1024 ** 2
/** Logs of more are not read for a page: nothing is said of their warnings then. */
const LOGS_BYTES = 32 * 1024 ** 2

/**
 * One run of a comparison, masked before anything else is done with it: cut or escaped, a secret is no longer known as one. Throws where its results
 * are not there or damaged, and InfraError `results-too-large`.
 */
export function comparisonSide(state: string, run: string, masker: Pick<Masker, 'mask'>): Side {
  const { results: file, logs } = runFolder(state, run)
  const { size } = statSync(file)
  if (size > RESULTS_BYTES)
    throw new InfraError(
      'results-too-large',
      `results.json of run ${run} has ${size} bytes; ${RESULTS_BYTES} are read`,
      {
        hint: 'No run writes as much: look at the file, and run it again.',
      },
    )
  const results = parseResults(JSON.parse(masker.mask(readFileSync(file, 'utf8'))), file)
  const warnings = bytesIn(logs) > LOGS_BYTES ? null : logWarnings(logs)
  return {
    results,
    logs: warnings && new Map([...warnings].map(([key, one]) => [key, { ...one, line: masker.mask(one.line) }])),
  }
}

function bytesIn(dir: string): number {
  try {
    return readdirSync(dir).reduce((sum, name) => sum + statSync(join(dir, name)).size, 0)
  } catch {
    return 0
  }
}
