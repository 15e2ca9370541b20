import { mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { removeFile, writeJson, writeJsonSync } from '../../../src/lib/files/atomic-file.ts'
import { folder } from '../../recipe/throwaway.ts'

describe.each([
  ['writeJson', writeJson],
  ['writeJsonSync', async (...args: Parameters<typeof writeJsonSync>) => writeJsonSync(...args)],
])('%s', (_, write) => {
  it('replaces a file whole, for its owner alone, and makes the folder', async () => {
    const path = join(await folder({}), 'deep', 'one.json')
    await write(path, { a: 1 })
    await write(path, { a: 2 })
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({ a: 2 })
    expect(readdirSync(join(path, '..'))).toEqual(['one.json'])
    expect([statSync(path).mode & 0o777, statSync(join(path, '..')).mode & 0o777]).toEqual([0o600, 0o700])
    await write(path, {}, { mode: 0o644 })
    expect(statSync(path).mode & 0o777).toBe(0o644)
  })

  it('leaves the old text and nothing beside it when it cannot', async () => {
    const dir = await folder({})
    mkdirSync(join(dir, 'taken', 'by-a-folder'), { recursive: true })
    await expect(write(join(dir, 'taken'), {})).rejects.toThrow(/EISDIR|ENOTEMPTY/)
    const circle: Record<string, unknown> = {}
    circle.self = circle
    await write(join(dir, 'kept.json'), { old: true })
    await expect(write(join(dir, 'kept.json'), circle)).rejects.toThrow(/circular/)
    expect(JSON.parse(readFileSync(join(dir, 'kept.json'), 'utf8'))).toEqual({ old: true })
    expect(readdirSync(dir).sort()).toEqual(['kept.json', 'taken'])
  })
})

it('removes what is there and what is not', async () => {
  const dir = await folder({ 'a.json': '{}' })
  await removeFile(join(dir, 'a.json'))
  await removeFile(join(dir, 'a.json'))
  expect(readdirSync(dir)).toEqual([])
})
