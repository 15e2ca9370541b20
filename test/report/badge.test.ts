import { expect, it } from 'vitest'
import { type Badge, badgeSvg } from '../../src/report/badge.ts'
import { HOSTILE } from './sample-runs.ts'

const badge = (more: Partial<Badge> = {}) =>
  badgeSvg({ kind: 'pass', level: 6, flaky: false, title: 'coop/hello: pass, level 6', ...more })
const wordsOf = (svg: string) => [...svg.matchAll(/<text[^>]*>([^<]*)</g)].map(([, words]) => words).join(' ')

it.each([
  [{}, 'cc-ci pass, level 6'],
  [{ flaky: true }, 'cc-ci pass, level 6, flaky'],
  [{ kind: 'fail', level: 0 }, 'cc-ci fail, level 0'],
  [{ kind: 'unverified', level: 2 }, 'cc-ci unverified, level 2'],
  [{ kind: 'none', level: null }, 'cc-ci not judged yet'],
  [{ kind: 'unknown', level: null }, 'cc-ci not enrolled'],
] as const)('says %j in words, not by colour alone', (more, words) => {
  expect(wordsOf(badge(more))).toBe(words)
})

it('draws another sign for each verdict', () => {
  const signs = (['pass', 'fail', 'unverified', 'none'] as const).map(
    (kind) => / d="([^"]+)"/.exec(badge({ kind }))?.[1],
  )
  expect(new Set(signs).size).toBe(4)
})

it('is read out as a whole', () => {
  expect(badge()).toMatch(/role="img" aria-label="coop\/hello: pass, level 6">\n<title>coop\/hello: pass, level 6</)
})

it('has white text with a contrast of 4.5 on every colour', () => {
  const shown = (['pass', 'fail', 'unverified', 'none'] as const).flatMap((kind) => [
    badge({ kind }),
    badge({ kind, level: 1 }),
  ])
  const colors = new Set(
    shown.flatMap((svg) => [...svg.matchAll(/<rect[^>]* fill="(#\w{6})"/g)].map(([, color]) => color)),
  )
  expect(colors.size).toBe(6)
  for (const color of colors) expect([color, 1.05 / (luminance(color ?? '') + 0.05) >= 4.5]).toEqual([color, true])
})

function luminance(color: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(color.slice(at, at + 2), 16) / 255
    return part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

it.each(HOSTILE)('keeps a title as text: %j', (say) => {
  const tags = (svg: string) => svg.match(/<\/?\w+/g)
  expect(tags(badge({ title: say }))).toEqual(tags(badge()))
  // biome-ignore lint/suspicious/noControlCharactersInRegex: looking for them is the point
  expect(badge({ title: say })).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]|href|style=|<script/)
})
