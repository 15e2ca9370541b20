import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { basename } from 'node:path'
import { InfraError } from '../lib/errors.ts'

/**
 * Passes when the file is the one that somebody has looked at, byte by byte. `what` says what it is to be, with its version. Throws InfraError
 * `download-changed` that names both hashes.
 */
export async function checkDownload(
  file: string,
  known: { readonly what: string; readonly sha256: string },
): Promise<void> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer)
  const got = hash.digest('hex')
  if (got === known.sha256) return
  throw new InfraError(
    'download-changed',
    `${known.what} (${basename(file)}) is not the file that cc-ci knows: its SHA-256 is ${got}, not ${known.sha256}`,
    {
      hint: 'Something between this machine and the registry serves another file, or it was cut off. Nothing of it was used.',
    },
  )
}
