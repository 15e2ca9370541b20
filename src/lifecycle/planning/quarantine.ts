import type { Settings } from '../../config/settings.ts'
import { timeOfRunId } from '../../lib/ids.ts'
import type { CodeSide } from '../../sandbox/contract.ts'
import type { Finding } from '../../verdict/events.ts'
import { finding } from '../../verdict/findings.ts'
import type { CustomRow, SpecFile } from '../test-rows.ts'

type Entry = Settings['quarantine'][number]

/** What the operator lets decide nothing in this run. Whether an entry has expired goes by when the run was ordered. */
export interface Quarantine {
  readonly active: readonly Entry[]
  readonly findings: readonly Finding[]
}

/** An entry counts through the whole of its last day, in UTC; afterwards its test decides again, and a finding says so. */
export function quarantineOf({ quarantine }: Pick<Settings, 'quarantine'>, runId: string): Quarantine {
  if (quarantine.length === 0) return { active: [], findings: [] }
  const today = new Date(timeOfRunId(runId)).toISOString().slice(0, 10)
  const expired = quarantine.filter(({ expires }) => expires < today)
  return {
    active: quarantine.filter(({ expires }) => expires >= today),
    findings: expired.map(({ file, test, expires, reason }) =>
      finding(
        'quarantine-expired',
        `the quarantine of "${test}" (${file}) ended with ${expires}, and it decides again; it was there because: ${reason}`,
      ),
    ),
  }
}

/** Rows as they count. What stands for no test, such as a file that does not load, is never excused. */
export function applyQuarantine(rows: readonly CustomRow[], { active }: Quarantine): CustomRow[] {
  return rows.map((row) => {
    const entry = row.isTest ? active.find((one) => one.file === shownFile(row) && one.test === row.title) : undefined
    return entry ? { ...row, quarantined: { reason: entry.reason, until: entry.expires } } : row
  })
}

/** Entries about files that were run, none of whose tests has that name: a quarantine that nobody is in. */
export function unmatchedEntries(
  rows: readonly CustomRow[],
  files: readonly SpecFile[],
  { active }: Quarantine,
): Finding[] {
  const run = new Set(files.map(shownFile))
  const known = new Set(rows.map((row) => JSON.stringify([shownFile(row), row.title])))
  return active
    .filter(({ file, test }) => run.has(file) && !known.has(JSON.stringify([file, test])))
    .map(({ file, test }) =>
      finding('quarantine-unmatched', `no test of ${file} is called "${test}", which is in quarantine`),
    )
}

/** `cc-ci/tests/custom/login.spec.ts`, `operator/tests/custom/login.spec.ts`: by its side, so that no side speaks for the other. */
export function shownFile({ side, file }: { readonly side: CodeSide; readonly file: string }): string {
  return `${side === 'recipe' ? 'cc-ci' : 'operator'}/${file}`
}
