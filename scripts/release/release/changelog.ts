const UNRELEASED = '## Unreleased'

/** What stands under Unreleased. Throws where that is missing or empty: a release says what it changes. */
function unreleased(changelog: string): string {
  const [, rest] = changelog.split(`${UNRELEASED}\n`)
  const text = rest?.split(/^## /m)[0]?.trim() ?? ''
  if (text === '') throw new Error(`CHANGELOG.md has nothing under "${UNRELEASED}"`)
  return text
}

/** The changelog with what was unreleased under its version, and an empty Unreleased above. */
export function releasedChangelog(changelog: string, version: string, date: string): string {
  unreleased(changelog)
  if (changelog.includes(`## ${version} `)) throw new Error(`CHANGELOG.md has a section for ${version} already`)
  return changelog.replace(`${UNRELEASED}\n`, () => `${UNRELEASED}\n\n## ${version} (${date})\n`)
}

/** What of the package is missing or should not be there; `files` as `npm pack` lists them. */
export function packageProblems(files: readonly string[]): string[] {
  const needed = [
    'bin/cc-ci',
    'bin/strip-types.mjs',
    'src/cli/main.ts',
    'src/inside/tsconfig.json',
    'CHANGELOG.md',
    'LICENSE',
  ]
  const allowed = /^(?:bin|src|docs\/guide|docs\/reference)\/|^(?:CHANGELOG|README)\.md$|^LICENSE$|^package\.json$/
  return [
    ...needed.filter((file) => !files.includes(file)).map((file) => `the package lacks ${file}`),
    ...files.filter((file) => !allowed.test(file)).map((file) => `the package has ${file}`),
  ]
}
