import { changeCause } from './changes.ts'
import { evidenceOf, type Line } from './lines.ts'
import { isDecisive } from './recipes.ts'
import type { OldFailure } from './report.ts'

/** Every tier whose newest judgement is red and decides something, the one that is red for longest first. */
export function oldestFailures(lines: readonly Line[]): OldFailure[] {
  return lines.flatMap(redOf).sort((a, b) => compare(keyOf(a), keyOf(b)))
}

function redOf({ recipe, track, judged }: Line): OldFailure[] {
  const newest = judged.at(-1)
  const red = judged.slice(judged.findLastIndex(({ tier }) => tier.status === 'pass') + 1)
  const [first] = red
  if (!newest || !first || !isDecisive(newest.tier.id, newest.run.verdict)) return []
  return [
    {
      ...{ recipe, track, tier: newest.tier.id },
      ...{ cause: changeCause(newest), blame: newest.tier.cause?.blame ?? null },
      ...{ since: evidenceOf(first.run), newest: evidenceOf(newest.run), runs: red.length },
    },
  ]
}

function keyOf({ since, recipe, track, tier }: OldFailure): string {
  return [since.at, recipe, track, tier].join('\0')
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
