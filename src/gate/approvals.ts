import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import { messageOf, UsageError } from '../lib/errors.ts'
import { writeJsonSync } from '../lib/files/atomic-file.ts'

/** The operator's word that the code of one repository may run: as it is at one commit, or whatever one branch points at. */
export interface Approval {
  /** As `RecipeRepo.origin`: the path or URL, without credentials. */
  readonly repository: string
  /** 40 hex, or null when a branch is approved. */
  readonly commit: string | null
  readonly branch: string | null
  /**
   * Of a commit: the git tree of its `cc-ci/`, 40 hex, which is all the code there is: it holds for every commit with that very tree. Null for a branch, for a commit without
   * such a folder, and in files of earlier versions: these hold for their commit alone.
   */
  readonly tree: string | null
  /** ISO 8601. */
  readonly at: string
}

const fileShape = z.object({
  schema: z.literal(1),
  approvals: z.array(
    z.object({
      repository: z.string().min(1),
      commit: z
        .string()
        .regex(/^[0-9a-f]{40}$/)
        .nullable(),
      branch: z.string().min(1).nullable(),
      tree: z
        .string()
        .regex(/^[0-9a-f]{40}$/)
        .nullable()
        .default(null),
      at: z.string(),
    }),
  ),
})

function fileOf(stateDir: string): string {
  return join(stateDir, 'approvals.json')
}

/** Every approval of this state folder. Throws UsageError `approvals-damaged`: a file that cannot be read approves nothing. */
export function readApprovals(stateDir: string): readonly Approval[] {
  const file = fileOf(stateDir)
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw damaged(file, error)
  }
  try {
    return fileShape.parse(JSON.parse(text)).approvals
  } catch (error) {
    throw damaged(file, error)
  }
}

/** Adds one; the same one twice is one. */
export function approve(stateDir: string, approval: Approval): void {
  const others = readApprovals(stateDir).filter((known) => !isSame(known, approval))
  write(stateDir, [...others, approval])
}

/** Removes the approvals of a repository, or those of one commit of it; gives those that were there. */
export function revoke(stateDir: string, repository: string, commit?: string): readonly Approval[] {
  const all = readApprovals(stateDir)
  const isMeant = (known: Approval) =>
    known.repository === repository && (commit === undefined || known.commit === commit)
  const gone = all.filter(isMeant)
  if (gone.length > 0) {
    const left = all.filter((known) => !isMeant(known))
    write(stateDir, left)
  }
  return gone
}

function isSame(a: Approval, b: Approval): boolean {
  return a.repository === b.repository && a.commit === b.commit && a.branch === b.branch
}

function write(stateDir: string, approvals: readonly Approval[]): void {
  try {
    writeJsonSync(fileOf(stateDir), { schema: 1, approvals })
  } catch (error) {
    throw new UsageError('state-unwritable', `the approval cannot be kept in ${stateDir}: ${messageOf(error)}`, {
      cause: error,
      hint: 'Name a folder that can be written with --state or CC_CI_STATE.',
    })
  }
}

function damaged(file: string, cause: unknown): UsageError {
  return new UsageError('approvals-damaged', `the list of approvals cannot be read: ${messageOf(cause)}`, {
    cause,
    where: { file },
    hint: 'Correct or remove the file; without it no code of a recipe repository is approved.',
  })
}
