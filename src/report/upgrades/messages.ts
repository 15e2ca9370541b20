import type { UpgradeRow, UpgradeTable } from '../../history/upgrades/table.ts'
import { formatDuration } from '../../lib/text/duration.ts'

/** `1.2.0`, or `1.2.0 → 1.3.0` of a chain: all but head. */
export function wayText({ base }: UpgradeRow): string {
  return [base.version, ...base.via].join(' → ')
}

/** `5 watched: 4 kept, 1 changed`; of what nobody looked at, nothing. */
export function dataText({ data }: UpgradeRow): string {
  if (data === null) return ''
  if (data.watched === 0) return 'none to watch'
  const { kept, changed, lost, excluded } = data
  const parts = Object.entries({ lost, kept, changed, excluded }).filter(([, number]) => number > 0)
  return `${data.watched} watched: ${parts.map(([word, number]) => `${number} ${word}`).join(', ')}`
}

/** Of the upgrade alone, then of the whole run. */
export function timeText({ upgradeMs, durationMs, run }: UpgradeRow): string {
  if (run === null) return ''
  const whole = formatDuration(durationMs)
  return upgradeMs === null ? whole : `${formatDuration(upgradeMs)} of ${whole}`
}

/** Why it is no pass: `upgrade: crash-loop (blame: recipe): ...`. */
export function reasonText({ verdict, cause, tier, reason }: UpgradeRow): string {
  if (verdict === 'pass') return ''
  if (!cause) return reason
  return `${tier === null ? '' : `${tier}: `}${cause.code} (blame: ${cause.blame}): ${cause.message}`
}

/** `3 of 4 upgrades pass`. */
export function sumText({ rows, reason }: UpgradeTable): string {
  if (rows.length === 0) return reason ?? 'nothing to upgrade from'
  const judged = rows.filter(({ verdict }) => verdict !== 'skip')
  if (judged.length === 0) return 'no release differs from head in something that runs'
  const passed = judged.filter(({ verdict }) => verdict === 'pass').length
  return `${passed} of ${judged.length} upgrade${judged.length === 1 ? '' : 's'} pass`
}

/** `todo 3.0.0+1`. */
export function headText({ recipe }: UpgradeTable): string {
  return recipe.version === null ? recipe.name : `${recipe.name} ${recipe.version}`
}
