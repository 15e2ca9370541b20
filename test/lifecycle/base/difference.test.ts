import { describe, expect, test } from 'vitest'
import { runningDifference } from '../../../src/lifecycle/base/difference.ts'
import type { Files } from '../../recipe/throwaway.ts'
import { releaseOf } from '../releases.ts'

const SAME = `version: "3.8"
services:
  app:
    image: nginx:1.25.3
    environment: ["A=\${A:-1}"]
    configs: [{source: page, target: /page}]
    volumes: ["data:/data"]
    deploy:
      replicas: 1
      labels: ["x=1"]
configs:
  page: {file: page.txt, name: "page_v1"}
volumes:
  data: {}
`
const FILES: Files = { 'compose.yml': SAME, 'page.txt': 'hello', '.env.sample': 'B=1\n' }

/** What is found when these texts of the compose file are replaced, or files are added. */
async function changed(edits: readonly [string, string][], files: Files = {}): Promise<string[]> {
  const edited = edits.reduce((text, [from, to]) => {
    expect(text).toContain(from)
    return text.replace(from, to)
  }, SAME)
  return runningDifference(await releaseOf(FILES), await releaseOf({ ...FILES, 'compose.yml': edited, ...files }))
}

describe('what runs the same', () => {
  test.each<[string, [string, string][], Files?]>([
    ['the same files in another folder', []],
    ['a service label', [['"x=1"', '"x=2", "y=3"']]],
    ['a container label', [['image: nginx:1.25.3', 'image: nginx:1.25.3\n    labels: ["a=b"]']]],
    ['the name of a config, with the same content', [['page_v1', 'page_v2']]],
    ['the file of a config, with the same content', [['file: page.txt', 'file: other.txt']], { 'other.txt': 'hello' }],
    ['a comment and a file that nothing mounts', [['services:', '# x\nservices:']], { 'README.md': 'x' }],
    ['a variable that nothing uses', [], { '.env.sample': 'B=2\n' }],
  ])('%s', async (_, edits, files) => {
    expect(await changed(edits, files)).toEqual([])
  })
})

describe('what runs differently', () => {
  test.each<[string, string[], [string, string][], Files?]>([
    ['the image', ['app: image'], [['nginx:1.25.3', 'nginx:1.26.0']]],
    ['a value of .env.sample that is used', ['app: environment'], [], { '.env.sample': 'A=2\n' }],
    ['the content of a config under its old name', ['app: configs'], [], { 'page.txt': 'bye' }],
    ['where a config is mounted', ['app: configs'], [['target: /page', 'target: /pages']]],
    ['how a config is filled in', ['app: configs'], [['file: page.txt', 'file: page.txt, template_driver: golang']]],
    ['where a volume is mounted', ['app: volumes'], [['data:/data', 'data:/data2']]],
    ['the driver of a volume', ['app: volumes'], [['data: {}', 'data: {driver: other}']]],
    ['replicas', ['app: deploy'], [['replicas: 1', 'replicas: 2']]],
    ['two things', ['app: command', 'app: image'], [['nginx:1.25.3', 'nginx:1.26.0\n    command: [x]']]],
    ['a new service', ['db: added'], [['configs:\n  page', '  db: {image: "postgres:16"}\nconfigs:\n  page']]],
  ])('%s', async (_, found, edits, files) => {
    expect(await changed(edits, files)).toEqual(found)
  })

  test('a service that is gone', async () => {
    const both = SAME.replace('configs:\n  page', '  db: {image: "postgres:16"}\nconfigs:\n  page')
    const before = await releaseOf({ ...FILES, 'compose.yml': both })
    expect(runningDifference(before, await releaseOf(FILES))).toEqual(['db: removed'])
  })
})
