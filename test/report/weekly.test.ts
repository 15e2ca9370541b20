import MarkdownIt from 'markdown-it'
import { describe, expect, it } from 'vitest'
import { summaryOf } from '../../src/history/run-summary.ts'
import type { WeeklyReport } from '../../src/history/weekly/report.ts'
import { parseWeek } from '../../src/history/weekly/week.ts'
import { weeklyReport } from '../../src/history/weekly/weekly.ts'
import { weeklyFeed } from '../../src/report/weekly/atom.ts'
import { weeklyHtml } from '../../src/report/weekly/html.ts'
import { weeklyMarkdown } from '../../src/report/weekly/markdown.ts'
import type { Results } from '../../src/verdict/results.ts'
import { idOf, run, story } from '../history/weekly/story.ts'
import { HOSTILE } from './sample-runs.ts'

const of = (all: readonly Results[]): WeeklyReport =>
  weeklyReport({ runs: all.map(summaryOf), damaged: [] }, parseWeek('2026-W48'))
const link = (id: string) => `runs/${id}`
const report = of(story())

/** Every place where a recipe can put its words. */
function hostile(say: string): WeeklyReport {
  return JSON.parse(JSON.stringify(report), (key, value) => {
    const said = ['recipe', 'cause', 'blame', 'text', 'ref', 'released', 'commit', 'title', 'file', 'why'].includes(key)
    return said && typeof value === 'string' ? say : value
  })
}

describe('the page of a week', () => {
  it('has a section for whatever happened, and every line leads to its run', () => {
    const page = weeklyHtml(report, link)
    const titles = [...page.matchAll(/<h2 id="[^"]*">([^<]*)/g)].map(([, title]) => title)
    expect(titles).toEqual([
      ...['Regressed', 'Needs attention', 'Oldest red', 'Fixed but not released', 'Fixed', 'Images that moved'],
      ...['Flake top ten', 'Without custom tests', 'Routine'],
    ])
    const rows = [...page.matchAll(/<tbody>(.*?)<\/tbody>/gs)].flatMap(([, body = '']) => body.split('<tr>').slice(1))
    expect(rows.length).toBeGreaterThan(8)
    for (const row of rows) expect(row).toMatch(/href="runs\/\d{8}-\d{6}-aaaaaa"/)
    for (const item of page.split('<li>').slice(1)) expect(item).toContain('href="runs/')
  })

  it('is short where nothing happened', () => {
    const quiet = of([run(idOf('1124-101500'), { name: 'notes' })])
    const page = weeklyHtml(quiet, link)
    expect(page.match(/<h2/g)).toHaveLength(1)
    expect(page).toContain('Nothing regressed · nothing needs attention · nothing is red')
    expect(weeklyMarkdown(quiet, link)).toContain('Nothing regressed, nothing needs attention')
  })

  it('runs and loads nothing, whatever a recipe is called', () => {
    for (const say of HOSTILE) {
      const page = weeklyHtml(hostile(say), link)
      const tags = page.match(/<[a-z!/][^>]*>/gi) ?? []
      expect(tags.filter((tag) => /<script|<img|\sstyle=|\son\w+=|javascript:/i.test(tag))).toEqual([])
      expect(page).toContain("default-src 'none'")
    }
  })
})

describe('the same as Markdown', () => {
  it('renders to the same tables and links', () => {
    const page = MarkdownIt({ html: true }).render(weeklyMarkdown(report, link))
    expect(page.match(/<table>/g)).toHaveLength(7)
    expect(page).toContain('<h2>Fixed but not released</h2>')
    expect(page).toContain(`<a href="runs/${idOf('1124-101500')}">${idOf('1124-101500')}</a>`)
    expect(page).toContain('<td>nothing</td>')
  })

  it('keeps what a recipe says text, in its cell', () => {
    const rowsIn = (text: string) => text.match(/<tr>/g)?.length
    const rows = rowsIn(MarkdownIt({ html: true }).render(weeklyMarkdown(report, link)))
    for (const say of HOSTILE) {
      const page = MarkdownIt({ html: true, linkify: true }).render(weeklyMarkdown(hostile(say), link))
      expect(rowsIn(page)).toBe(rows)
      expect(page).not.toMatch(/<script|<img|<h[3-6]|href="(?!runs\/)/)
    }
  })
})

describe('the feed', () => {
  const place = { publicUrl: 'https://ci.example.org', link: (id: string) => `https://ci.example.org/runs/${id}` }

  it('has what RFC 4287 asks for, with ids that stay and links that are absolute', () => {
    const text = weeklyFeed([report], place)
    expect(text).toMatch(/^<\?xml version="1\.0" encoding="utf-8"\?>\n<feed xmlns="http:\/\/www\.w3\.org\/2005\/Atom">/)
    const ids = [...text.matchAll(/<id>([^<]*)<\/id>/g)].map(([, id]) => id)
    expect(ids).toEqual(['https://ci.example.org/reports.atom', 'https://ci.example.org/reports/2026-W48'])
    const [feed = '', entry = ''] = text.split('<entry>')
    for (const part of [feed, entry]) {
      for (const tag of ['id', 'title', 'updated']) expect(part.match(new RegExp(`<${tag}>`, 'g'))).toHaveLength(1)
    }
    expect(feed).toContain('<author><name>cc-ci</name></author>')
    expect(feed).toContain('rel="self"')
    expect(text.match(/<updated>[^<]*/g)).toEqual(Array(2).fill('<updated>2026-11-30T00:00:00.000Z'))
    const links = [...text.matchAll(/href=(?:"|&quot;)(.*?)(?:"|&quot;)/g)].map(([, href = '']) => href)
    expect(links.length).toBeGreaterThan(10)
    expect(links.every((href) => href.startsWith('https://ci.example.org/'))).toBe(true)
    expect(weeklyFeed([report], place)).toBe(text)
  })

  it('is updated by a run that came late, and says some time where there is no entry', () => {
    const late = { ...report, newest: '2026-11-30T03:00:00.000Z' }
    expect(weeklyFeed([late], place).match(/<updated>[^<]*/g)).toEqual(
      Array(2).fill('<updated>2026-11-30T03:00:00.000Z'),
    )
    expect(weeklyFeed([], place)).toContain('<updated>1970-01-01T00:00:00.000Z</updated>')
  })

  it('is well-formed whatever a recipe is called', () => {
    for (const say of [...HOSTILE, '\ufffe\u0000', '\ud800']) {
      const text = weeklyFeed([hostile(say)], place)
      const content = text.split('<content type="html">')[1]?.split('</content>')[0] ?? ''
      for (const wrong of ['<', '>', '\ufffe', '\u0000']) expect(content).not.toContain(wrong)
      expect(content.replace(/&(amp|lt|gt|quot);/g, '')).not.toContain('&')
      expect(text.isWellFormed()).toBe(true)
    }
  })
})
