import { stat } from 'node:fs/promises'
import { UsageError } from '../../lib/errors.ts'
import { shellWord } from '../../lib/text/shell-word.ts'
import { git } from './git.ts'

/**
 * For a folder that git would not read: throws UsageError `foreign-repository` where the reason is its owner. A repository's configuration may
 * name programs, so git reads none that belongs to somebody else, and neither do we: not even as root, who may read every file.
 */
export async function assertReadable(dir: string): Promise<void> {
  const top = ['rev-parse', '--show-toplevel']
  const [mine, whoever] = [await git(dir, top), await git(dir, top, { config: ['safe.directory=*'] })]
  if (mine.exitCode === 0 || whoever.exitCode !== 0) return
  const root = whoever.stdout.replace(/\n$/, '')
  const { uid } = await stat(root)
  throw new UsageError(
    'foreign-repository',
    `the git repository ${root} belongs to another user (uid ${uid}, and cc-ci runs as ${process.geteuid?.()}): its configuration could name programs to run`,
    {
      hint: `Where you trust its owner (a container or a CI job that got the files from somebody else): git config --global --add safe.directory ${shellWord(root)}
  Otherwise run cc-ci as the owner, or clone the repository yourself.`,
    },
  )
}
