import MarkdownIt from 'markdown-it'
import { describe, expect, it } from 'vitest'
import { htmlReport } from '../../src/report/html/report.ts'
import { resultsJson } from '../../src/report/run/json.ts'
import { junitXml } from '../../src/report/run/junit.ts'
import { markdownSummary } from '../../src/report/run/markdown.ts'
import { summaryText } from '../../src/report/terminal/summary.ts'
import { wantsColor } from '../../src/report/text/colors.ts'
import { parseResults, type Results } from '../../src/verdict/results.ts'
import { failedResults, HOSTILE, passedResults } from './sample-runs.ts'

// biome-ignore lint/suspicious/noControlCharactersInRegex: looking for them is the point
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e]/

describe('what a quick run did not judge', () => {
  const message = 'a quick run: not judged are install, backup; its pass says less than that of a whole run'
  const finding = { code: 'quick-run', severity: 'info', message } as const
  const whole = passedResults()
  const quick = { ...whole, findings: [...whole.findings, finding] }

  it('stands beside the verdict in every view', () => {
    expect(summaryText(quick).split('\n').slice(0, 5).join(' ').replace(/ +/g, ' ')).toContain(message)
    // Before the findings, which a reader has to open.
    const shown = MarkdownIt().render(markdownSummary(quick)).split('finding')[0]
    expect(shown?.replaceAll('\u200b', '')).toContain(message)
    expect(htmlReport(quick).split('</header>')[0]).toContain(message)
  })

  it('is said of no other run', () => {
    for (const text of [summaryText(whole), markdownSummary(whole), htmlReport(whole)])
      expect(text).not.toContain('quick')
  })
})

describe('summaryText', () => {
  it('says verdict, level with its rung, tiers with times, and where the report is', () => {
    const text = summaryText(passedResults(), { reportPath: '/state/runs/x/report.html' })
    expect(text).toContain('✓ PASS  level 6 (resilience)')
    expect(text).toMatch(/✓ install {5}pass {14}9\.0 s {2}1 service up, answers 200, shows "PocketBase"\n/)
    expect(text).toContain('1 finding\n    warning R015  compose.yml:12:5  long secret names')
    expect(text).toContain('1 accommodation to this machine')
    expect(text).toContain('  data after upgrade  mariadb:db: 12 tables, 0 rows lost, 3 new columns\n')
    expect(text).toContain('  data after restore  1 marker file is back\n')
    expect(text).toContain('report  /state/runs/x/report.html\n')
    expect(text).not.toContain('!!')
  })

  it('shows the cause of a failure with blame, decisive lines and remedy, and leaks loudly', () => {
    const text = summaryText(failedResults())
    expect(text).toContain('✗ FAIL  level 1 (install)')
    for (const part of [
      'crash-loop: it ended',
      'blame: recipe',
      '│ exit 1',
      '│ no such column',
      '→ fix',
      '!! left behind: volume',
      '!! refused:',
    ]) {
      expect(text).toContain(part)
    }
    expect(text).toContain('blocked: needs upgrade, which ended with crash-loop')
    expect(text).not.toContain('resilience')
    expect(text.match(/→/g)).toHaveLength(2)
    // Outcome, cause with its lines, whose move, what to do; then the rest.
    const order = [
      '✗ FAIL',
      '✗ upgrade: crash-loop',
      '│ exit 1',
      'has to act',
      '→ fix',
      '✗ upgrade     fail',
      'cc-ci explain',
    ]
    expect(order.map((part) => text.indexOf(part)).toSorted((a, b) => a - b)).toEqual(
      order.map((part) => text.indexOf(part)),
    )
  })

  it('says since when it is red with the cause that decided, and with no other', () => {
    const text = summaryText(failedResults(), { since: '2026-11-28' })
    expect(text.match(/since: 2026-11-28/g)).toHaveLength(1)
    expect(text.indexOf('since:')).toBeGreaterThan(text.indexOf('has to act'))
    expect(text.indexOf('since:')).toBeLessThan(text.indexOf('→ fix'))
    expect(summaryText(passedResults(), { since: null })).not.toContain('since')
  })

  it('never says more than the results: an unscanned or cut-off run is said to be one', () => {
    const results = passedResults()
    const text = summaryText({
      ...results,
      verdict: 'unverified',
      flags: { ...results.flags, noSecretLeak: false },
      run: { ...results.run, complete: false },
    })
    expect(text).toContain('? UNVERIFIED')
    expect(text).toContain('!! the record of this run has no end')
    expect(text).toContain('!! what is kept was not scanned for secrets')
  })

  it('says what was not looked into for secrets, but for pictures, which every run has', () => {
    const picture = { file: 'artifacts/install.png', why: 'picture' } as const
    const zip = { file: 'artifacts/a.zip', why: 'within' } as const
    const results = passedResults()
    expect(summaryText({ ...results, notLooked: [picture] })).not.toContain('secrets')
    expect(summaryText({ ...results, notLooked: [picture, zip, { ...zip, why: 'archive' }] })).toContain(
      '  not looked into for secrets: 1 archive in part, 1 archive (in the report)',
    )
  })

  it.each([40, 60, 80, 200])('fits a terminal of %i columns', (width) => {
    const rows = summaryText(failedResults('word '.repeat(80)), { width }).split('\n')
    for (const row of rows) expect(row.length, row).toBeLessThanOrEqual(width)
  })

  it('cuts nothing where there is no terminal, and lists every finding and every line', () => {
    const long = 'word '.repeat(80).trim()
    const results = failedResults(long)
    const tiers = results.tiers.map((tier) =>
      tier.cause?.code === 'crash-loop'
        ? { ...tier, cause: { ...tier.cause, lines: Array.from({ length: 20 }, (_, at) => `line ${at} ${long}`) } }
        : tier,
    )
    const findings = Array.from({ length: 9 }, (_, at) => ({ ...results.findings[0], code: `R${at}`, message: long }))
    const text = summaryText({ ...results, tiers, findings: findings as typeof results.findings })
    expect(text).not.toContain('…')
    expect(text.match(/│ line \d+ .*word\n/g)).toHaveLength(20)
    expect(text.match(/ R\d /g)).toHaveLength(9)
  })

  it('says how to open the trace of a failed test, where its files still are', () => {
    const results = failedResults()
    const tiers = results.tiers.map((tier) =>
      tier.id === 'upgrade'
        ? {
            ...tier,
            tests: tier.tests.map((test) => ({
              ...test,
              status: 'failed' as const,
              artifacts: ['artifacts/t/shot.png', 'artifacts/t/trace.zip'],
            })),
          }
        : tier,
    )
    const reportPath = '/state/runs/x y/report.html'
    const text = (more: object) => summaryText({ ...results, tiers }, { reportPath, ...more })
    expect(text({})).toContain("  trace   npx playwright show-trace '/state/runs/x y/artifacts/t/trace.zip'\n")
    expect(text({ pruned: 'pruned: traces' })).not.toContain('show-trace')
    expect(summaryText(results, { reportPath })).not.toContain('show-trace')
  })

  it('folds equal lines of a cause', () => {
    const results = failedResults()
    const lines = [...Array.from({ length: 8 }, () => 'Access denied'), 'gave up']
    const tiers = results.tiers.map((tier) => (tier.cause ? { ...tier, cause: { ...tier.cause, lines } } : tier))
    expect(summaryText({ ...results, tiers }, { width: 80 })).toContain('│ Access denied  (8 times)\n      │ gave up\n')
  })

  it('colours only when told to, and links the report only where that is drawn', () => {
    expect(summaryText(failedResults())).not.toMatch(CONTROLS)
    expect(summaryText(failedResults(), { color: true })).toContain('\u001b[31m')
    const path = '/state/runs/x y/report.html'
    expect(summaryText(passedResults(), { reportPath: path, links: true })).toMatch(
      // biome-ignore lint/suspicious/noControlCharactersInRegex: the sequence is what this is about
      /report {2}\u001b\]8;;file:\/\/[^/]+\/state\/runs\/x%20y\/report\.html\u001b\\\/state\/runs\/x y\/report\.html\u001b\]8;;\u001b\\\n/,
    )
  })

  it('leaves out the tiers that stand right above, unless a second attempt decided', () => {
    const row = /✓ install +pass/
    expect(summaryText(passedResults(), { tiersShown: true })).not.toMatch(row)
    expect(summaryText({ ...passedResults(), attempts: [] }, { tiersShown: true })).toMatch(row)
  })

  it.each(HOSTILE)('lets no control character of a recipe through: %j', (say) => {
    expect(summaryText(failedResults(say))).not.toMatch(CONTROLS)
  })
})

describe('wantsColor', () => {
  it.each([
    [true, {}, true],
    [false, {}, false],
    [true, { NO_COLOR: '1' }, false],
    [true, { NO_COLOR: '' }, true],
    [false, { FORCE_COLOR: '1' }, true],
    [true, { FORCE_COLOR: '0' }, false],
    [true, { NO_COLOR: '1', FORCE_COLOR: '1' }, false],
    [true, { TERM: 'dumb' }, false],
  ])('tty %s with %j: %s', (tty, env, wanted) => {
    expect(wantsColor(tty, env)).toBe(wanted)
  })
})

describe('markdownSummary', () => {
  const render = (source: string) => new MarkdownIt({ html: true }).render(source)

  it('holds verdict, level, tiers, causes and findings', () => {
    const text = markdownSummary(failedResults(), { reportUrl: 'https://ci.example.org/runs/1' })
    expect(text).toContain('### ✗ fail, level 1 (install)')
    expect(text).toContain('| ✗ | upgrade | fail |')
    expect(text).toContain('**upgrade: crash-loop**')
    expect(text).toContain('```text\nexit 1\nno such column: posts.slug\n```')
    expect(text).toContain('[Full report](<https://ci.example.org/runs/1>)')
    expect(text).not.toContain('| resilience |')
    expect(text).not.toContain('**backup: blocked**')
  })

  it('begins with what changed, then what is not green and what to do; what is green is folded', () => {
    const text = markdownSummary(failedResults(), {
      ...{ against: 'AGAINST', next: 'NEXT', folded: ['FOLDED'], foot: 'FOOT', codeUrl: 'https://ci.example.org/c' },
      card: { url: 'https://ci.example.org/card.png', pageUrl: 'https://ci.example.org/runs/1' },
    })
    const order = ['### ✗ fail', 'AGAINST', 'upgrade: crash-loop', '→ fix', '? **backup**', 'Not run,', 'NEXT', '<img']
    const places = [...order, '<details>', '| ✓ | install |', 'FOLDED', '</details>', 'FOOT'].map((part) =>
      text.indexOf(part),
    )
    expect(places.every((place) => place >= 0)).toBe(true)
    expect(places).toEqual(places.toSorted((a, b) => a - b))
    expect(text.split('<details>')[0]).not.toContain('install |')
  })

  it('says of each tier what it proved, not how many checks were made', () => {
    const text = markdownSummary(passedResults())
    expect(render(text)).toContain('<td>1 service up, answers 200, shows &quot;PocketBase&quot;</td>')
    expect(text).not.toMatch(/of evidence/)
  })

  it('is one line and a fold where everything is green', () => {
    const [shown, rest] = markdownSummary(passedResults()).split('<details>')
    expect(shown).toBe('### ✓ pass, level 6 (resilience)\n\n')
    expect(rest).toMatch(/^\n<summary>Details: \d+ of \d+ tiers pass, 1 finding<\/summary>/)
  })

  it('says of refused code who has to do what', () => {
    const step = (codeUrl?: string) =>
      markdownSummary(failedResults('cc-ci/install-steps.sh'), codeUrl ? { codeUrl } : {}).split('Not run,')[1] ?? ''
    expect(step('https://ci.example.org/runs/1/code')).toContain(
      'an operator [looks at the code and approves it](<https://ci.example.org/runs/1/code>), which starts a new run.',
    )
    for (const url of [undefined, 'javascript:alert(1)'])
      expect(step(url)).toMatch(/an operator runs ` cc-ci approve .* --ref [0-9a-f]{40} ` and tests again/)
  })

  it('shows the lines of what decided, and not what the machine had left where the recipe is to blame', () => {
    const failed = failedResults()
    const lines = [...Array.from({ length: 9 }, (_, at) => `line ${'abcdefghi'[at]}`), 'machine: load 1 2 3']
    const tiers = failed.tiers.map((tier) =>
      tier.id === 'upgrade' && tier.cause ? { ...tier, cause: { ...tier.cause, lines } } : tier,
    )
    const [shown = '', folded] = markdownSummary({ ...failed, tiers }).split('<details>')
    expect(shown.match(/^line .$/gm)).toEqual(['d', 'e', 'f', 'g', 'h', 'i'].map((letter) => `line ${letter}`))
    expect(folded?.match(/^line .$/gm)).toHaveLength(9)
    expect(shown + folded).not.toContain('machine: load')
  })

  it('links nothing but a web address', () => {
    for (const reportUrl of ['javascript:alert(1)', 'https://x> <b', 'file:///etc']) {
      const card = { url: reportUrl, pageUrl: reportUrl }
      expect(markdownSummary(passedResults(), { reportUrl, card })).not.toMatch(/Full report|<img/)
    }
  })

  it.each(HOSTILE)('keeps what a recipe says as text: %j', (say) => {
    const tagsOf = (source: string) =>
      render(source)
        .match(/<\/?[a-z](?:"[^"]*"|[^">])*>/gi)
        ?.toSorted() ?? []
    const card = { url: 'https://ci.example.org/card.png', pageUrl: 'https://ci.example.org/runs/1' }
    const shown = (results: Results) =>
      tagsOf(markdownSummary(results, { card })).map((tag) => tag.replace(/ alt="[^"]*"/, ''))
    // Code of its own, and nothing else.
    expect(shown(failedResults(say)).filter((tag) => !/^<\/?code>$/.test(tag))).toEqual(
      shown(failedResults('plain words')).filter((tag) => !/^<\/?code>$/.test(tag)),
    )
  })

  it('shows as code what stands between backticks in a cause, and text with one backtick as text', () => {
    const failed = failedResults()
    const told = (hint: string) => {
      const tiers = failed.tiers.map((tier) => (tier.cause ? { ...tier, cause: { ...tier.cause, hint } } : tier))
      return render(markdownSummary({ ...failed, tiers }))
    }
    expect(told('Run `cc-ci lint *.yml`, or <b>.')).toContain(
      '<p>→ Run <code>cc-ci lint *.yml</code>, or &lt;b&gt;.</p>',
    )
    expect(told("it's a ` and *no more*")).toContain("<p>→ it's a ` and *no more*</p>")
  })

  it('lets no recipe call people or open links by itself', () => {
    const text = markdownSummary(failedResults('@everyone see #12 and http://evil.example'))
    const outside = text.replace(/(`+)[^`][\s\S]*?\1/g, '')
    expect(outside).not.toMatch(/@everyone|#12|http:\/\/evil/)
    expect(render(outside)).not.toMatch(/@everyone|#12|http:\/\/evil/)
  })
})

describe('junitXml', () => {
  it('counts faults of the recipe as failures and what was not judged as errors', () => {
    const xml = junitXml(failedResults())
    expect(xml).toMatch(/<testsuite name="upgrade" tests="3" failures="2" errors="0" skipped="1" time="11\.000"/)
    expect(xml).toMatch(/<testsuite name="backup" tests="1" failures="0" errors="1" skipped="0"/)
    expect(xml).toMatch(/<testsuite name="restore" tests="1" failures="0" errors="0" skipped="1"/)
    expect(xml).toContain('crash-loop (blame: recipe)\nexit 1\nno such column: posts.slug\nfix')
  })

  it('has no failure, error or skip for a run that passed', () => {
    expect(junitXml(passedResults())).toMatch(
      /<testsuites name="cc-ci pocketbase" tests="\d+" failures="0" errors="0" skipped="0">/,
    )
  })

  it.each(HOSTILE)('stays well formed: %j', (say) => {
    const xml = junitXml(failedResults(`${say}\ud800\uffff`))
    expect(xml).not.toMatch(CONTROLS)
    expect(xml.isWellFormed()).toBe(true)
    expect(structureOf(xml)).toEqual(structureOf(junitXml(failedResults('plain words'))))
  })
})

describe('resultsJson', () => {
  it.each(HOSTILE)('reads back as the same results: %j', (say) => {
    expect(parseResults(JSON.parse(resultsJson(failedResults(say))))).toEqual(failedResults(say))
  })
})

/** Tag names in their order, after a check that they nest. */
function structureOf(xml: string): string[] {
  const open: string[] = []
  const seen: string[] = []
  for (const [, close, name] of xml.matchAll(/<(\/?)([a-z]+)(?:\s+[a-z]+="[^"<]*")*>/g)) {
    if (close) expect(open.pop()).toBe(name)
    else open.push(name as string)
    seen.push(`${close}${name}`)
  }
  expect(open).toEqual([])
  expect(xml.match(/</g)?.length).toBe(seen.length + 1)
  return seen
}
