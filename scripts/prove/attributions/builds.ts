import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { UsageError } from '../../../src/lib/errors.ts'
import { execOk, wholeEnv } from '../../../src/lib/process/exec.ts'

const OWN_CHECKOUT = new URL('../../..', import.meta.url).pathname

interface Change {
  readonly file: string
  readonly from: string
  readonly to: string
}

/** Builds that differ from the last commit of this checkout in one line. */
const CHANGES = {
  /** Nothing that runs. */
  other: { file: 'README.md', from: '# cc-ci\n', to: '# cc-ci, another one\n' },
  /** Asks every app for a page that no app has: it breaks whatever it judges. */
  'asks-wrongly': {
    file: 'src/checks/http.ts',
    from: 'requestEdge({ edge, domain, path, follow, signal })',
    to: 'requestEdge({ edge, domain, path: `${path}no-such-page`, follow, signal })',
  },
  /** Knows `${NAME-default}` no more, which is not what most recipes write. */
  'no-plain-default': {
    file: 'src/recipe/compose/interpolate.ts',
    from: "[':-', '-', ':?', '?']",
    to: "[':-', ':?', '?']",
  },
} as const satisfies Readonly<Record<string, Change>>

export type BuildName = keyof typeof CHANGES

/** A repository of cc-ci below `work`, shared by all cases; gives the folder, the commit of this checkout and that of the build. */
export async function buildOf(work: string, name: BuildName): Promise<{ dir: string; well: string; build: string }> {
  const dir = join(work, 'cc-ci')
  if (!existsSync(dir))
    await execOk('git', ['clone', '--quiet', OWN_CHECKOUT, dir], { timeoutMs: 300_000, env: wholeEnv() })
  const git = async (...args: string[]) => {
    const who = ['-c', 'user.name=Test', '-c', 'user.email=test@example.com']
    return (await execOk('git', [...who, ...args], { cwd: dir, timeoutMs: 60_000 })).stdout.trim()
  }
  const own = await execOk('git', ['rev-parse', 'HEAD'], { cwd: OWN_CHECKOUT, timeoutMs: 60_000 })
  const well = own.stdout.trim()
  await git('checkout', '--quiet', '--detach', well)
  const { file, from, to }: Change = CHANGES[name]
  const text = readFileSync(join(dir, file), 'utf8')
  if (text.split(from).length !== 2)
    throw new UsageError('source-moved', `${file} does not have ${JSON.stringify(from)} once`, {
      hint: `Adapt the change ${name} in scripts/prove/attributions/builds.ts.`,
    })
  writeFileSync(
    join(dir, file),
    text.replace(from, () => to),
  )
  await git('commit', '--quiet', '--all', '-m', name)
  return { dir, well, build: await git('rev-parse', 'HEAD') }
}
