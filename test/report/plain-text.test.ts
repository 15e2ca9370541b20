import { describe, expect, it } from 'vitest'
import { cut, displayWidth, wrap } from '../../src/report/text/plain-text.ts'

describe('displayWidth', () => {
  it.each([
    ['abc', 3],
    ['äöü', 3],
    ['e\u0301', 1],
    ['日本', 4],
    ['🚀', 2],
    ['✓ …', 3],
    ['', 0],
  ])('%j: %i', (text, columns) => {
    expect(displayWidth(text)).toBe(columns)
  })
})

describe('cut', () => {
  it.each([
    ['abcdef', 6, 'abcdef'],
    ['abcdef', 5, 'abcd…'],
    ['日本語です', 6, '日本…'],
    ['abc', 1, '…'],
  ])('%j to %i columns: %j', (text, width, expected) => {
    expect(cut(text, width)).toBe(expected)
    expect(displayWidth(cut(text, width))).toBeLessThanOrEqual(width)
  })
})

describe('wrap', () => {
  it('breaks between words, keeps columns of a table, and keeps a long word whole', () => {
    expect(wrap('one two three', 7)).toEqual(['one two', 'three'])
    expect(wrap('error   R015  x', 20)).toEqual(['error   R015  x'])
    expect(wrap('see /a/very/long/path there', 8)).toEqual(['see', '/a/very/long/path', 'there'])
  })
})
