import { expect, test } from 'vitest'
import { compareManifests, type Manifest } from '../../src/backup/witness/manifest.ts'

const of = (files: Readonly<Record<string, number>>): Manifest => ({
  entries: Object.entries(files).map(([path, size]) => ({
    type: 'f',
    mode: '644',
    owner: '0:0',
    size,
    path,
    link: '',
  })),
  cut: false,
  digest: JSON.stringify(files),
})

test.each([
  ['everything deleted', { 'notes.txt': 5 }, {}, 'lost'],
  ['everything deleted, and started over', { 'notes.txt': 5, 'up/x': 2 }, { fresh: 3 }, 'lost'],
  ['everything emptied', { 'notes.txt': 5 }, { 'notes.txt': 0 }, 'lost'],
  ['moved to another folder', { 'a/notes.txt': 5 }, { 'b/notes.txt': 5 }, 'changed'],
  ['one of two kept', { 'a.txt': 5, 'b.txt': 5 }, { 'a.txt': 6, new: 1 }, 'changed'],
  ['only empty files before', { lock: 0 }, { other: 0 }, 'changed'],
  ['nothing before', {}, { fresh: 3 }, 'changed'],
  ['the same', { a: 1 }, { a: 1 }, 'kept'],
])('%s', (_, before, after, result) => {
  expect(compareManifests(of(before), of(after)).result).toBe(result)
})
