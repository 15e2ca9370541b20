import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeJsonSync } from '../../lib/files/atomic-file.ts'
import { isRunId } from '../../lib/ids.ts'
import { withMachineLock } from '../../lib/process/machine-lock.ts'
import { type Pin, writePins } from '../retention/pins.ts'
import { tableShape, type UpgradeTable } from './table.ts'

/** Where a table of upgrades lies: `<state>/upgrades/<id>/`. */
export interface UpgradeFolder {
  readonly dir: string
  readonly json: string
  readonly markdown: string
  readonly html: string
}

export function upgradeFolder(state: string, id: string): UpgradeFolder {
  const dir = join(state, 'upgrades', id)
  return { dir, json: join(dir, 'table.json'), markdown: join(dir, 'table.md'), html: join(dir, 'table.html') }
}

/** In one step, so that a kill leaves the rows that were there. */
export function writeTable({ dir, json }: UpgradeFolder, table: UpgradeTable): void {
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  writeJsonSync(json, table, { mode: 0o600 })
}

export function writeView(file: string, text: string): void {
  writeFileSync(file, text, { mode: 0o600 })
}

/** Newest first; what cannot be read is left out: a table is a view of runs, which stay. */
export function readTables(state: string): UpgradeTable[] {
  return idsIn(join(state, 'upgrades')).flatMap((id) => {
    try {
      return [tableShape.parse(JSON.parse(readFileSync(upgradeFolder(state, id).json, 'utf8')))]
    } catch {
      return []
    }
  })
}

/** The runs of the newest table of each recipe stay whole, so that its links lead somewhere: see `retention/pins.ts`. */
export function pinNewest(state: string): Promise<void> {
  return withMachineLock(
    () => undefined,
    () => writePins(state, 'upgrades', pinsOf(readTables(state))),
    'cc-ci-upgrades',
  )
}

function pinsOf(tables: readonly UpgradeTable[]): Pin[] {
  const newest = new Map<string, UpgradeTable>()
  for (const table of tables) {
    const key = `${table.recipe.name}\n${table.recipe.origin}`
    if (!newest.has(key)) newest.set(key, table)
  }
  return [...newest.values()].flatMap(({ recipe, rows }) =>
    rows.flatMap(({ run, base }) =>
      run === null ? [] : [{ run, reason: `upgrade of ${recipe.name.slice(0, 80)} from ${base.version.slice(0, 80)}` }],
    ),
  )
}

function idsIn(folder: string): string[] {
  try {
    return readdirSync(folder).filter(isRunId).sort().reverse()
  } catch {
    return []
  }
}
