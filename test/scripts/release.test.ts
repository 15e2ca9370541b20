import { expect, test } from 'vitest'
import { row } from '../../scripts/docs/pages/decisions-index.ts'
import { packageProblems, releasedChangelog } from '../../scripts/release/release/changelog.ts'
import { withNextVersion } from '../../scripts/release/release/image-tags.ts'

const CHANGELOG = '# Changelog\n\n## Unreleased\n\n### Added\n\n- One.\n\n## 0.1.0 (2026-12-01)\n\nFirst.\n'

test('a release moves what was unreleased under its version', () => {
  expect(releasedChangelog(CHANGELOG, '0.2.0', '2026-12-24')).toBe(
    '# Changelog\n\n## Unreleased\n\n## 0.2.0 (2026-12-24)\n\n### Added\n\n- One.\n\n## 0.1.0 (2026-12-01)\n\nFirst.\n',
  )
})

test('a release without changes, or of a version that exists, is refused', () => {
  expect(() => releasedChangelog('## Unreleased\n\n## 0.1.0 (2026-12-01)\n', '0.2.0', '2026-12-24')).toThrow('nothing')
  expect(() => releasedChangelog(CHANGELOG, '0.1.0', '2026-12-24')).toThrow('already')
})

test('a package with a test, or without the command, is refused', () => {
  const problems = packageProblems(['src/cli/main.ts', 'test/a.test.ts'])
  expect(problems).toContain('the package has test/a.test.ts')
  expect(problems).toContain('the package lacks bin/cc-ci')
})

test('a release is named wherever its images are, and nothing else is', () => {
  const text = 'cc-ci/server:0.1.0 cc-ci/ci:0.1.0. cc-ci/ci:0.1.0-rc1 other/ci:0.1.0 0.1.0+0.1.0 10.1.0+0.1.0 0.1.0'
  expect(withNextVersion(text, { from: '0.1.0', to: '0.2.0' })).toBe(
    'cc-ci/server:0.2.0 cc-ci/ci:0.2.0. cc-ci/ci:0.1.0-rc1 other/ci:0.1.0 0.2.0+0.2.0 10.1.0+0.1.0 0.1.0',
  )
})

test('a decision has title, status and date', () => {
  expect(row('0001-a.md', '# 1. A\n\nStatus: accepted. Date: 2026-11-23.\n')).toBe(
    '| 1 | [A](0001-a.md) | accepted | 2026-11-23 |',
  )
  expect(() => row('0001-a.md', '# 1. A\n')).toThrow('0001-a.md')
})
