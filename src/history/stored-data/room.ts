import { existsSync } from 'node:fs'
import { statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { InfraError } from '../../lib/errors.ts'
import { formatSize } from '../../lib/text/size.ts'

export interface RoomNeed {
  /** Where it is to lie; the folder need not be there yet. */
  readonly dir: string
  readonly bytes: number
  /** What all of its kind may take together. */
  readonly budgetBytes: number
  /** What they are, for the message: `canonicals`. */
  readonly what: string
  /** The variable that sets the budget. */
  readonly setting: string
  /** What frees some. */
  readonly hint: string
  readonly code: 'canonical-no-room' | 'checkpoint-no-room'
}

/** Throws InfraError with `code` where the data is larger than the budget, or than what is free on the disk. */
export async function refuseWithoutRoom(room: RoomNeed): Promise<void> {
  const { dir, bytes, budgetBytes, code, what, setting, hint } = room
  if (bytes > budgetBytes)
    throw new InfraError(code, `${formatSize(bytes)} are more than all ${what} may take (${formatSize(budgetBytes)})`, {
      hint: `Raise ${setting}, for example to 40G.`,
    })
  let at = dir
  while (!existsSync(at) && dirname(at) !== at) at = dirname(at)
  const { bavail, bsize } = await statfs(at)
  if (bytes > bavail * bsize)
    throw new InfraError(
      code,
      `${formatSize(bytes)} do not fit on the disk of ${at}: ${formatSize(bavail * bsize)} are free`,
      { hint },
    )
}
