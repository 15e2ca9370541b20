import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { movedImages } from '../../../src/lifecycle/app/moved-images.ts'
import { runFolder } from '../../../src/lifecycle/run-folder.ts'

const [OLD, OLDER, NOW] = ['20261124-100000-aaaaaa', '20261123-100000-bbbbbb', '20261124-110000-cccccc'] as const
const image = (id: string, ref = 'nginx:1') => ({ service: 'app', ref, id: `sha256:${id.repeat(64)}` })

let state: string
beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'cc-ci-moved-'))
})
afterEach(() => rmSync(state, { recursive: true, force: true }))

function earlier(run: string, text: string): void {
  const folder = runFolder(state, run)
  mkdirSync(folder.dir, { recursive: true })
  writeFileSync(folder.results, text)
}

const look = (...images: ReturnType<typeof image>[]) => movedImages(runFolder(state, NOW), images)

it('tells a reference that meant another image when it was last seen', () => {
  earlier(OLDER, JSON.stringify({ images: [image('a')] }))
  earlier(OLD, JSON.stringify({ images: [image('b'), image('c', 'redis:7')] }))
  expect(look(image('a'), image('c', 'redis:7'), image('d', 'new:1'))).toEqual([
    {
      code: 'image-moved',
      severity: 'warning',
      message: `the image nginx:1 of service app is sha256:aaaaaaaaaaaa now; in run ${OLD} it was sha256:bbbbbbbbbbbb`,
    },
  ])
  expect(look(image('b'))).toEqual([])
})

it('asks nothing of its own run, of runs without results, and of damaged ones', () => {
  earlier(NOW, JSON.stringify({ images: [image('b')] }))
  earlier(OLD, '{"images": [')
  mkdirSync(runFolder(state, OLDER).dir, { recursive: true })
  expect(look(image('a'))).toEqual([])
})
