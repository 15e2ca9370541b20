import { type Dirent, lstatSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { kindOf, PRUNE_KINDS, type PruneKind } from './kinds.ts'

interface Use {
  readonly files: number
  readonly bytes: number
}

/** What one run folder holds, in files and their bytes; what a file system takes beside them is not counted. */
export interface FolderUse extends Use {
  /** What may be pruned, by kind; kinds of which there is nothing are left out. */
  readonly kinds: ReadonlyMap<PruneKind, Use>
  /** What a killed prune left in the middle of its work. */
  readonly leftovers: readonly string[]
}

/** Where a prune puts folders, below the run folder, before it removes them. */
export const TRASH = '.pruning'

export function measureFolder(dir: string): FolderUse {
  const total = { files: 0, bytes: 0 }
  const kinds = new Map<PruneKind, { files: number; bytes: number }>()
  for (const { path, bytes } of filesBelow(dir)) {
    const kind = kindOf(path)
    add(total, bytes)
    if (kind === null) continue
    const use = kinds.get(kind) ?? { files: 0, bytes: 0 }
    add(use, bytes)
    kinds.set(kind, use)
  }
  const inOrder = PRUNE_KINDS.flatMap((kind): [PruneKind, Use][] => {
    const use = kinds.get(kind)
    return use ? [[kind, use]] : []
  })
  return {
    ...total,
    kinds: new Map(inOrder),
    leftovers: entriesOf(dir)
      .map(({ name }) => name)
      .filter(isLeftover),
  }
}

/** Whatever is no folder, by its path below `dir`. Symbolic links are entries like others and are never followed. */
export function* filesBelow(dir: string, below = ''): Generator<{ readonly path: string; readonly bytes: number }> {
  for (const entry of entriesOf(join(dir, below))) {
    const path = below === '' ? entry.name : `${below}/${entry.name}`
    if (entry.isDirectory()) yield* filesBelow(dir, path)
    else yield { path, bytes: lstatSync(join(dir, path), { throwIfNoEntry: false })?.size ?? 0 }
  }
}

function isLeftover(name: string): boolean {
  return name === TRASH || /^\.pruned\.json\..*\.tmp$/.test(name)
}

/** Nothing where the folder has gone meanwhile, or cannot be read: then it cannot be removed either, which is reported. */
function entriesOf(dir: string): Dirent[] {
  try {
    return readdirSync(dir, { withFileTypes: true })
  } catch (error) {
    if (['ENOENT', 'EACCES', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return []
    throw error
  }
}

function add(use: { files: number; bytes: number }, bytes: number): void {
  use.files += 1
  use.bytes += bytes
}
