import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { execOk, wholeEnv } from '../../src/lib/process/exec.ts'
import { toolVersion } from '../../src/lib/version.ts'
import { RELEASED } from '../../src/server/storage/schema/migrations.ts'
import { packageProblems, releasedChangelog } from './release/changelog.ts'
import { withNextVersion } from './release/image-tags.ts'

/**
 * `node scripts/release/release.ts X.Y.Z [--dry-run]`: sets the version, also where images and the recipe name it and in generated pages, moves what is
 * unreleased in the changelog under it, freezes the schema of the database, checks the contents of the package, commits, and makes the tag `vX.Y.Z`. Pushes nothing. Run `npm test` and the self-test before it.
 * With `--dry-run` it looks at everything and changes nothing. Needs the set-up of the server's tests for the schema.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { 'dry-run': { type: 'boolean', default: false } },
})
const [version = ''] = positionals
const dry = values['dry-run']
/** Where the images of the version are named. */
const NAMES_IMAGES = ['docs/examples', 'docs/guide', 'install', 'recipe']
const isText = (file: string) => /(?:\.(?:md|yml|service)|Dockerfile)$/.test(file)
const FROZEN = `test/server/storage/released/${version}`

const problems = [...versionProblems(), ...(await repositoryProblems()), ...packageProblems(await packed())]
let changelog = ''
try {
  changelog = releasedChangelog(readFileSync('CHANGELOG.md', 'utf8'), version, new Date().toISOString().slice(0, 10))
} catch (error) {
  problems.push((error as Error).message)
}
for (const problem of problems) process.stderr.write(`${problem}\n`)
if (problems.length > 0) process.exitCode = 1
else if (dry) process.stdout.write(`${version} can be released; without --dry-run it would be committed and tagged\n`)
else await release()

function versionProblems(): string[] {
  if (!/^\d+\.\d+\.\d+$/.test(version)) return ['which version? node scripts/release/release.ts X.Y.Z [--dry-run]']
  return RELEASED.some((one) => one.version === version)
    ? []
    : [`RELEASED of src/server/storage/schema/migrations.ts has no line for ${version}`]
}

async function repositoryProblems(): Promise<string[]> {
  const changed = await git('status', '--porcelain')
  const tags = (await git('tag', '--list', `v${version}`)).trim()
  return [
    ...(changed.trim() === '' ? [] : ['the working tree has changes that are not committed']),
    ...(tags === '' ? [] : [`the tag v${version} exists`]),
  ]
}

async function packed(): Promise<string[]> {
  const { stdout } = await execOk('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    timeoutMs: 300_000,
    env: wholeEnv(),
  })
  const answer = JSON.parse(stdout) as Record<string, { files: { path: string }[] }>
  return Object.values(answer).flatMap(({ files }) => files.map(({ path }) => path))
}

async function release(): Promise<void> {
  const from = toolVersion()
  await run('npm', 'version', version, '--no-git-tag-version', '--allow-same-version')
  for (const file of (await git('ls-files', '-z', ...NAMES_IMAGES)).split('\0').filter(isText)) {
    const text = readFileSync(file, 'utf8')
    const next = withNextVersion(text, { from, to: version })
    if (next !== text) writeFileSync(file, next)
  }
  writeFileSync('CHANGELOG.md', changelog)
  if (!existsSync(`${FROZEN}.sql`)) await run(process.execPath, 'scripts/release/freeze-schema.ts', version)
  await run(process.execPath, 'scripts/docs/generate-docs.ts')
  await git('add', '--update')
  await git('add', 'test/server/storage/released')
  await git('commit', '--message', `Release ${version}`)
  await git('tag', '--annotate', `v${version}`, '--message', `cc-ci ${version}`)
  process.stdout.write(`committed and tagged v${version}; push with: git push --follow-tags\n`)
}

async function git(...args: string[]): Promise<string> {
  return (await execOk('git', args, { timeoutMs: 60_000, env: wholeEnv() })).stdout
}

async function run(file: string, ...args: string[]): Promise<void> {
  await execOk(file, args, { timeoutMs: 600_000, env: wholeEnv() })
}
