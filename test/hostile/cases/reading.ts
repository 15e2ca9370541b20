// cspell:ignore fsmonitor tuploadpack
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { all, app, healthcheck } from '../../../src/canaries/changes.ts'
import { type HostileCases, PASS, refuses } from '../case.ts'

const MARK = 'hacked'

function planted(recipe: string): void {
  const script = `#!/bin/sh\ntouch ${join(recipe, MARK)}\n`
  for (const hook of ['post-checkout', 'pre-commit', 'post-index-change', 'reference-transaction', 'post-merge'])
    writeFileSync(join(recipe, '.git/hooks', hook), script, { mode: 0o755 })
  writeFileSync(join(recipe, '.git/monitor'), script, { mode: 0o755 })
  const touch = `touch ${join(recipe, MARK)}`
  writeFileSync(
    join(recipe, '.git/config'),
    `[core]\n\tfsmonitor = ${recipe}/.git/monitor\n\tsshCommand = ${touch}\n[filter "x"]\n\tclean = ${touch}\n\tsmudge = ${touch}\n` +
      `[extensions]\n\tpartialClone = origin\n[remote "origin"]\n\turl = ${recipe}\n\tpromisor = true\n\tuploadpack = "${touch}; git-upload-pack"\n`,
  )
  writeFileSync(join(recipe, '.gitattributes'), '* filter=x\n')
}

/** What is read before anything is deployed. */
export const READING: HostileCases = {
  'programs-of-git': {
    about: 'The folder has hooks, filters, a monitor and a remote that are programs.',
    head: {},
    plant: planted,
    ends: PASS,
    withinSeconds: 900,
    faults: ({ recipe }) => (existsSync(join(recipe, MARK)) ? ['git ran a program of the folder'] : []),
  },
  'slow-to-read': {
    about:
      'A README of which each line could begin a list, a duration of 200,000 digits, a variable within a variable.',
    head: {
      compose: all(
        healthcheck({ interval: '1'.repeat(200_000) }),
        app({ environment: { A: `${'${a:-'.repeat(50_000)}x` } }),
      ),
      files: {
        'README.md': `# slow\n\n<!-- metadata -->\n${`* a${' '.repeat(100)}`.repeat(2000)}\n<!-- endmetadata -->\n`,
      },
    },
    ends: refuses('compose-invalid', /compose\.yml/),
    withinSeconds: 600,
  },
  'slow-readme': {
    about: 'Only the README is slow to read.',
    head: {
      files: {
        'README.md': `# slow\n\n<!-- metadata -->\n${`* a${' '.repeat(100)}`.repeat(2000)}\n<!-- endmetadata -->\n`,
      },
    },
    ends: PASS,
    withinSeconds: 900,
  },
  'many-anchors': {
    about: 'Twenty thousand anchors, each of the one before.',
    head: {
      files: {
        'compose.yml': `version: "3.8"\n${Array.from({ length: 20_000 }, (_, i) => `x-a${i}: ${i === 0 ? '&a0 {k: v}' : `&a${i} {<<: *a${i - 1}}`}`).join('\n')}\nservices: {app: {image: x}}\n`,
      },
    },
    ends: refuses('compose-invalid', /compose\.yml/),
    withinSeconds: 600,
  },
}
