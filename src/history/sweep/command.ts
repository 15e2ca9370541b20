import { shellWord } from '../../lib/text/shell-word.ts'
import type { Dimension } from '../compare/dimensions.ts'
import type { RunSummary } from '../run-summary.ts'
import type { PlannedCell } from './record.ts'

export interface CommandParts {
  readonly cell: PlannedCell | null
  readonly before: RunSummary | null
  readonly after: RunSummary | null
  readonly moved: ReadonlySet<Dimension>
}

/**
 * What would tell whose a difference is: `cc-ci ab` with each thing that it can vary and that has moved, else the same run once more. Only commits stand in it,
 * no name that a pull request chose. Null where there is nothing to run.
 */
export function commandFor({ cell, before, after, moved }: CommandParts): string | null {
  if (!cell?.commit) return null
  const source = shellWord(cell.source)
  const ref = before && after && moved.has('recipe') ? `${before.recipe.commit}..${after.recipe.commit}` : null
  const tool =
    before?.tool.commit && after?.tool.commit && moved.has('tool')
      ? `${before.tool.commit}..${after.tool.commit}`
      : null
  if (ref === null && tool === null) return `cc-ci test ${source} --ref ${cell.commit}`
  return ['cc-ci ab', source, ...(ref ? ['--ref', ref] : []), ...(tool ? ['--tool', tool] : [])].join(' ')
}
