import { describe, expect, it } from 'vitest'
import { cardPage } from '../../src/report/card.ts'
import { fold } from '../../src/verdict/fold.ts'
import { ends, twice } from '../verdict/two-attempts.ts'
import { failedResults, HOSTILE, passedResults } from './sample-runs.ts'

const PICTURE = { uri: `data:image/png;base64,${Buffer.from('a picture').toString('base64')}`, tier: 'upgrade' }
const wordsOf = (page: string) =>
  page
    .replace(/<(style|title)>[\s\S]*?<\/\1>/g, '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')

describe('the card of a result', () => {
  it('says verdict, level, versions and each tier, with a sign for each outcome', () => {
    const page = cardPage(passedResults(), PICTURE)
    expect(wordsOf(page)).toMatch(
      / pass level 6 resilience lint install upgrade backup .* cc-ci [0-9a-f]{10} · \d{4}-\d\d-\d\d · /,
    )
    expect(page).toContain(`<img src="${PICTURE.uri}" alt="">`)
    expect(wordsOf(page)).toContain('after upgrade')
    expect(page.match(/<li class="pass"><svg/g)?.length).toBeGreaterThan(5)
  })

  it('says what decided, and of a flaky pass that it is one', () => {
    expect(wordsOf(cardPage(failedResults(), null))).toContain(
      'upgrade: crash-loop it ended: no such column: posts.slug',
    )
    const flaky = fold(twice({ upgrade: ends('upgrade', 'not-converged', 'words') }))
    expect(wordsOf(cardPage(flaky, null))).toContain('flaky: upgrade not-converged at first')
  })

  it('shows no picture but a PNG of its own', () => {
    for (const uri of [
      'https://evil.example/x.png',
      'data:image/svg+xml;base64,AAAA',
      'data:image/png;base64,A" onload="x',
    ])
      expect(cardPage(passedResults(), { ...PICTURE, uri })).not.toContain('<img')
  })

  it('cuts what is long', () => {
    const page = cardPage(failedResults('word '.repeat(10_000)), null)
    expect(page.length).toBeLessThan(8_000)
  })

  it.each(HOSTILE)('keeps text of recipes as text, apart from what stands around it: %j', (say) => {
    const page = (text: string) => cardPage(failedResults(text), null)
    const tagsOf = (text: string) => page(text).match(/<\/?\w[^>]*>/g)
    expect(tagsOf(say)).toEqual(tagsOf('plain words'))
    const isolated = (page('needle').match(/<bdi>[^<]*needle[^<]*<\/bdi>/g) ?? []).length
    expect(isolated).toBe(page('needle').match(/needle/g)?.length)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: looking for them is the point
    expect(page(say)).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202a-\u202e\u2066-\u2069]/)
  })
})
