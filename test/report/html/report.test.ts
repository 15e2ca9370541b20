import { describe, expect, it } from 'vitest'
import { evidenceMarkup } from '../../../src/report/html/evidence.ts'
import { htmlReport } from '../../../src/report/html/report.ts'
import { EVIDENCE, type EvidenceKind } from '../../../src/verdict/evidence.ts'
import { fold } from '../../../src/verdict/fold.ts'
import { PASSING, passingStream } from '../../verdict/passing-stream.ts'
import { ends, twice } from '../../verdict/two-attempts.ts'
import { failedResults, failedRun, HOSTILE, passedResults } from '../sample-runs.ts'

const PNG = 'data:image/png;base64,iVBORw0KGgo='

function report(say?: string): string {
  const events = failedRun(say)
  const parts = {
    events,
    logs: [{ name: say ?? 'app.log', text: say ?? 'started' }],
    screenshots: [{ name: say ?? 'install', src: PNG }],
  }
  return htmlReport(fold(events), parts)
}

describe('htmlReport', () => {
  it('has the verdict and the level before everything else', () => {
    const page = report()
    expect(page).toContain('<strong>✗ fail</strong><span>level 1 (install)</span>')
    expect(page.indexOf('class="verdict')).toBeLessThan(page.indexOf('<h2>'))
    expect(page).toContain('2 upgrade: fail')
  })

  it('claims nothing of what was not looked into for secrets', () => {
    const notLooked = ['a.png', 'b.png'].map((name) => ({ file: `artifacts/${name}`, why: 'picture' as const }))
    const page = htmlReport({ ...passedResults(), notLooked })
    expect(page).toContain('Not these: 2 pictures.')
    expect(page).toContain('<code>artifacts/b.png</code> (picture)')
    expect(htmlReport(passedResults())).not.toContain('Not looked into')
  })

  it('shows attempts side by side, and says in words where they differ', () => {
    const first = fold(
      twice(
        { upgrade: ends('upgrade', 'not-converged', 'app: <b>0/1</b>') },
        { backup: ends('backup', 'backup-hook-failed') },
      ),
    )
    const page = htmlReport(first)
    expect(page).toContain('<caption>Attempts side by side</caption>')
    expect(page).toContain('Attempt 2, which counts')
    const row = (tier: string) =>
      new RegExp(`<tr><td><a href="#tier-${tier}">.*?</tr>`)
        .exec(page)?.[0]
        .replace(/<[^>]*>/g, ' ')
        .split(/\s{2,}/)
    expect(row('upgrade')?.join(' ')).toMatch(/✗ fail .*not-converged .*✓ pass .*≠ differs/)
    expect(row('backup')?.join(' ')).toMatch(/✓ pass .*✗ fail .*backup-hook-failed .*≠ differs/)
    expect(row('restore')?.join(' ')).toMatch(/same/)
    const kept = twice({ upgrade: ends('upgrade', 'not-converged') }, { upgrade: ends('upgrade', 'engine-lost') })
    expect(htmlReport(fold(kept))).toContain('<th scope="col">What counts</th>')
    expect(htmlReport(passedResults())).not.toContain('side by side')
  })

  it('says on what the run ran, row by row, and leaves out what is not known', () => {
    const results = passedResults()
    const environment = { engine: '29.1', api: '1.52', cpus: 2, memoryBytes: 4e9, load: [0.5, 0.4, 0.3], vips: false }
    const page = htmlReport({ ...results, environment: { ...environment, kernel: '6.1 <b>', edge: 'foreign' } })
    const rows = Object.fromEntries(
      [...page.matchAll(/<dt>(.*?)<\/dt><dd>(.*?)<\/dd>/g)].map(([, name, value]) => [name, value]),
    )
    expect(rows).toMatchObject({
      ...{ Engine: 'Docker 29.1, API 1.52', Processors: '2', Memory: '4.0 GB', Kernel: '6.1 &lt;b&gt;' },
      ...{ 'Load at the start': '0.5 0.4 0.3 (over 1, 5 and 15 minutes)', Traefik: 'not started by cc-ci' },
      'Virtual addresses': expect.stringContaining('! carry none (no IPVS)'),
    })
    expect(rows).not.toHaveProperty('Browser')
    const { environment: _, ...unknown } = results
    expect(htmlReport({ ...unknown, environment: null })).toContain('<h2>Environment</h2>')
  })

  it('holds causes with lines, findings, leaks, screenshots, logs and the timeline', () => {
    const page = report()
    for (const part of [
      '<strong>crash-loop</strong>',
      'exit 1\nno such column',
      'Left behind: volume',
      'Refused:',
      `<img src="${PNG}"`,
      'app.log',
      'Tiers over time',
      'Not selected for this run: resilience.',
    ]) {
      expect(page).toContain(part)
    }
  })

  it('shows as code what stands between backticks, wherever text of a run is shown', () => {
    const { tiers, ...rest } = passedResults()
    const reason = 'kept by --keep: `cc-ci gc x` removes it'
    const page = htmlReport({
      ...rest,
      accommodations: [reason],
      tiers: tiers.map((tier) => (tier.id === 'teardown' ? { ...tier, status: 'skip', reason } : tier)),
    })
    expect(page.match(/kept by --keep: <code>cc-ci gc x<\/code> removes it/g)).toHaveLength(3)
    expect(page).not.toContain('`cc-ci')
  })

  it('says of each database what became of it, with a line for each table behind it', () => {
    const page = htmlReport(passedResults())
    expect(page).toContain('12 tables, 0 rows lost, 3 new columns<details><summary>12 tables, 340 rows now</summary>')
    expect(page).toContain('<pre>table app.posts: 3 new columns</pre>')
  })

  it('needs nothing but itself, and forbids the rest', () => {
    const page = report()
    expect(page).toMatch(
      /Content-Security-Policy" content="default-src 'none'; style-src 'sha256-[A-Za-z0-9+/=]{44}'; img-src data:/,
    )
    expect(page).not.toMatch(/<script|<link|<iframe|\sstyle="|\son[a-z]+="|(?:src|href)="(?!data:image|#)/)
  })

  it.each(HOSTILE)('escapes whatever a recipe says: %j', (say) => {
    // The same lines, backticks and colours, which make markup of their own.
    const [hostile, harmless] = [report(say), report(say.replace(/[<>"'&]/g, 'x'))]
    expect(tagsOf(hostile)).toEqual(tagsOf(harmless))
    for (const sign of ['<', '>', '"', "'"]) expect(hostile.split(sign).length, sign).toBe(harmless.split(sign).length)
    expect(htmlReport(failedResults(say))).not.toContain('\u202e')
  })

  it('shows no picture from elsewhere', () => {
    for (const src of ['https://evil.example/x.png', 'data:image/svg+xml;base64,AAAA', `${PNG}" onerror="alert(1)`]) {
      const page = htmlReport(passedResults(), { screenshots: [{ name: 'x', src }] })
      expect(page).not.toContain('<img')
      expect(page).toContain('no picture that can be shown')
    }
  })

  it('shows the pictures of an upgrade side by side, and every other one once', () => {
    const compared = {
      kind: 'visual-difference' as const,
      before: 'artifacts/install.png',
      after: 'artifacts/upgrade.png',
      difference: 'artifacts/upgrade-difference.png',
      size: { before: [1280, 800], after: [1280, 900] },
      changedPixels: 4096,
      changedShare: 0.0004,
      volatileShare: 0.02,
    }
    const { tiers, ...rest } = passedResults()
    const withDifference = {
      ...rest,
      tiers: tiers.map((tier) => (tier.id === 'upgrade' ? { ...tier, evidence: [...tier.evidence, compared] } : tier)),
    }
    const names = ['install', 'install-own', 'upgrade', 'upgrade-difference']
    const screenshots = names.map((name) => ({ name, path: `artifacts/${name}.png`, src: PNG }))
    const page = htmlReport(withDifference, { screenshots })
    const captions = [...page.matchAll(/<figcaption>(.*?) <a/g)].map(([, caption]) => caption)
    expect(captions).toEqual([
      'before the upgrade: 1.0.0+0.36.9',
      'after it: 2.0.0+0.40.6 at a1b2c3d4',
      'what differs',
      'install-own',
    ])
    expect(page).toContain(
      'less than 0.1 % of the picture changed (4,096 pixels). Its size went from 1280 × 800 to 1280 × 900 pixels. 2.0 % of it changes by itself and is left out.',
    )
    expect(page).not.toContain('own picture')
    const [first] = screenshots
    const without = htmlReport(withDifference, { screenshots: first ? [{ ...first, src: null }] : [] })
    expect(without).toContain('left out to keep this page small: <code>artifacts/install.png</code>')
  })

  it('shows the end of a log that is too long', () => {
    const page = htmlReport(passedResults(), { logs: [{ name: 'app', text: `FIRST\n${'x'.repeat(300_000)}\nLAST` }] })
    for (const part of ['FIRST', '(296000 more characters)', 'LAST']) expect(page).toContain(part)
    expect(page.length).toBeLessThan(100_000)
    const many = Array.from({ length: 5_000 }, (_, index) => `line ${index + 1}`).join('\n')
    const lines = htmlReport(passedResults(), { logs: [{ name: 'app', text: `${many}\n` }] })
    const [, first = ''] = /5000 lines, from line (\d+)/.exec(lines) ?? []
    expect(Number(first)).toBeGreaterThan(3_000)
    expect(lines).not.toContain(`>line ${Number(first) - 1}<`)
    expect(lines).toMatch(new RegExp(`id="log-1-L${first}".*>line ${first}<`))
  })

  it('stays below 3 MB, whatever a run has kept', () => {
    const logs = Array.from({ length: 40 }, (_, index) => ({ name: `${index}.log`, text: 'a < b\n'.repeat(30_000) }))
    const page = htmlReport(passedResults(), { logs })
    expect(page.length).toBeLessThan(800_000)
    expect(page).toContain('Left out to keep this page small: <code>logs/39.log</code>')
  })

  it('can be read by a screen reader: language, headings in order, captions, alternatives', () => {
    const page = report()
    expect(page).toContain('<html lang="en">')
    expect(page.match(/<h1/g)).toHaveLength(1)
    const levels = [...page.matchAll(/<h([1-6])/g)].map(([, level]) => Number(level))
    levels.reduce((before, level) => {
      expect(level - before).toBeLessThanOrEqual(before === 1 ? 2 : 1)
      return level
    })
    expect(page.match(/<table>/g)?.length).toBe(page.match(/<table><caption>/g)?.length)
    for (const [img] of page.matchAll(/<img[^>]*>/g)) expect(img).toContain('alt="Screenshot')
    const ids = [...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id)
    expect(new Set(ids).size).toBe(ids.length)
  })

  it('opens what went wrong and folds what went well', () => {
    const page = report()
    expect(page).toContain('id="tier-upgrade" open><summary>')
    expect(page).toContain('id="tier-install"><summary>')
  })
})

describe('evidenceMarkup', () => {
  const samples = new Map(
    Object.values(PASSING)
      .flat()
      .map((evidence) => [evidence.kind, evidence]),
  )
  samples.set('no-http', { kind: 'no-http', reason: 'no router label' })
  samples.set('still-there', {
    kind: 'still-there',
    asked: [{ subject: 'route:DOMAIN/', before: '200', after: '302' }],
    gone: ['volume:cache'],
  })
  samples.set('steps', {
    kind: 'steps',
    steps: [{ version: '1.1.0+1', commit: 'b'.repeat(40), changed: ['app'], witnesses: 2, ms: 4100 }],
  })
  samples.set('reattached', {
    kind: 'reattached',
    version: '1.0.0+1',
    run: '20261123-191254-k3f9qa',
    volumes: [{ volume: 'data', files: 3, bytes: 42, content: 'c'.repeat(64), started: 4 }],
  })
  samples.set('resumed', {
    kind: 'resumed',
    run: '20261123-191254-k3f9qa',
    after: 'backup',
    volumes: [{ volume: 'data', files: 3, bytes: 42, content: 'c'.repeat(64), started: 4 }],
  })
  samples.set('engine-restart', {
    kind: 'engine-restart',
    ms: 9000,
    services: [{ service: 'app', before: ['t1'], after: ['t2'] }],
  })
  samples.set('page-elsewhere', {
    kind: 'page-elsewhere',
    from: 'https://a.ci.test/',
    to: 'https://sso.example.org/login',
    why: 'another host, which a run cannot reach',
    way: ['302 https://a.ci.test/', 'no answer https://sso.example.org/login'],
  })
  samples.set('visual-difference', {
    kind: 'visual-difference',
    before: 'artifacts/install.png',
    after: 'artifacts/upgrade.png',
    difference: 'artifacts/difference.png',
    size: { before: [1280, 800], after: [1280, 800] },
    changedPixels: 4096,
    changedShare: 0.004,
    volatileShare: 0,
  })

  it.each(Object.keys(EVIDENCE) as EvidenceKind[])('shows %s as something to read, not as data', (kind) => {
    const text = evidenceMarkup(samples.get(kind) as NonNullable<ReturnType<typeof samples.get>>).text
    expect(text).not.toMatch(/[{}]|undefined|\[object|NaN/)
    expect(text.replace(/<[^>]*>/g, '').trim().length).toBeGreaterThan(15)
  })

  it('says when evidence did not count', () => {
    const events = passingStream().map((event) =>
      event.type === 'evidence' && event.evidence.kind === 'images'
        ? { ...event, evidence: { ...event.evidence, images: [] } }
        : event,
    )
    const page = htmlReport(fold(events as typeof events))
    expect(page).toContain('Evidence of kind images is not whole')
    expect(page).toContain('<strong>evidence-missing</strong>')
  })
})

function tagsOf(page: string): string[] {
  return [
    ...page
      .replace(/<style>[\s\S]*?<\/style>/, '')
      .matchAll(/<\/?([a-z0-9]+)((?:\s+[a-z-]+(?:="[^"]*")?)*)\s*\/?>|<!doctype html>/gi),
  ].map(([tag]) => tag.replace(/="[^"]*"/g, ''))
}
