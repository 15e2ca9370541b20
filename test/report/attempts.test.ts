import MarkdownIt from 'markdown-it'
import { describe, expect, it } from 'vitest'
import { htmlReport } from '../../src/report/html/report.ts'
import { junitXml } from '../../src/report/run/junit.ts'
import { markdownSummary } from '../../src/report/run/markdown.ts'
import { terminalReporter } from '../../src/report/terminal/reporter.ts'
import { summaryText } from '../../src/report/terminal/summary.ts'
import type { EventDraft, RunEvent } from '../../src/verdict/events.ts'
import { fold } from '../../src/verdict/fold.ts'
import { passingTier } from '../verdict/passing-stream.ts'
import { ends, twice } from '../verdict/two-attempts.ts'
import { HOSTILE } from './sample-runs.ts'

const flaky = (say = '0/1 tasks run') => twice({ upgrade: ends('upgrade', 'not-converged', say) })
const failing = (say = '0/1 tasks run') =>
  twice({ upgrade: ends('upgrade', 'not-converged', say) }, { upgrade: ends('upgrade', 'http-not-serving', say) })

describe('a pass on the second attempt', () => {
  it('stands in the first line of every view, with what was seen at first', () => {
    const results = fold(flaky())
    const said = 'flaky: upgrade not-converged at first'
    const text = summaryText(results)
    expect(text).toContain(`✓ PASS (${said})  level 6`)
    expect(text).toContain('  ✓ upgrade: passed the second time\n      at first: not-converged: 0/1 tasks run\n')
    expect(markdownSummary(results)).toContain(`### ✓ pass, level 6 (resilience), ${said}`)
    const page = htmlReport(results, { events: flaky() })
    expect(page).toContain(`<span>${said}</span>`)
    expect(page).toContain(
      '<summary>Attempt 1: ✗ fail <span class="dim">repeated: upgrade ended with not-converged</span>',
    )
    expect(page).toContain('upgrade (attempt 1)')
    expect(page).toContain('attempt 2, on a fresh stack')
    const ids = [...page.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id)
    expect(new Set(ids).size).toBe(ids.length)
  })

  it('is announced when it begins', () => {
    const writes: string[] = []
    const reporter = terminalReporter({ stream: { write: (text) => writes.push(text) }, tty: false, color: false })
    for (const event of flaky()) reporter.onEvent(event)
    reporter.close()
    expect(writes.join('')).toMatch(
      /✗ upgrade .*not-converged[\s\S]*✓ teardown[\s\S]*↻ once more on a fresh stack: .*\n[\s\S]*✓ upgrade/,
    )
  })

  it('is a flakyFailure of JUnit, in the case of the tier and of each test, and counts as no failure', () => {
    const xml = junitXml(fold(flaky()))
    expect(xml).toMatch(/<testsuites [^>]* failures="0" errors="0" /)
    expect(xml).toMatch(
      /<testcase name="upgrade \(tier\)"[^>]*>\s*<flakyFailure message="0\/1 tasks run" type="not-converged \(blame: recipe\)"><stackTrace>not-converged/,
    )
    expect(xml.match(/<flakyFailure/g)).toHaveLength(1)
    const broken = passingTier('functional').map(
      (draft): EventDraft =>
        draft.type === 'test' && draft.test.title === 'can write'
          ? { ...draft, test: { ...draft.test, status: 'failed', error: 'expected 1, got 2' } }
          : draft,
    )
    const tests = junitXml(fold(twice({ functional: broken })))
    expect(tests).toMatch(/<testcase name="can write"[^>]*>\s*<flakyFailure message="expected 1, got 2"/)
    expect(tests.match(/<flakyFailure/g)).toHaveLength(2)
    const lost = junitXml(fold(twice({ backup: ends('backup', 'engine-lost') })))
    expect(lost).toMatch(/<testcase name="backup \(tier\)"[^>]*>\s*<flakyError /)
  })
})

describe('a second attempt that fails', () => {
  it('shows its own cause, and that of the first beside it', () => {
    const results = fold(failing())
    const text = summaryText(results)
    expect(text).toContain('✗ FAIL  level 1 (install)')
    expect(text).toContain('at first: not-converged: 0/1 tasks run')
    expect(markdownSummary(results)).toMatch(/### ✗ fail, level 1 \(install\)\n/)
    expect(junitXml(results)).toMatch(
      /<failure [^>]*>http-not-serving[\s\S]*?<\/failure>\s*<rerunFailure [^>]*><stackTrace>not-converged/,
    )
  })
})

describe('what a recipe says in the first attempt', () => {
  const tagsOf = (text: string) => text.match(/<\/?[a-zA-Z][^\s>]*/g)
  const render = (events: RunEvent[]) => new MarkdownIt({ html: true }).render(markdownSummary(fold(events)))

  it.each(HOSTILE)('stays text in every view: %j', (say) => {
    for (const run of [flaky, failing]) {
      // Backticks make code of what stands between them.
      const same = say.replace(/[<>"'&]/g, 'x')
      expect(tagsOf(htmlReport(fold(run(say)), { events: run(say) }))).toEqual(
        tagsOf(htmlReport(fold(run(same)), { events: run(same) })),
      )
      expect(tagsOf(junitXml(fold(run(say))))).toEqual(tagsOf(junitXml(fold(run('plain words')))))
      expect(tagsOf(render(run(say)))).toEqual(tagsOf(render(run('plain words'))))
      // biome-ignore lint/suspicious/noControlCharactersInRegex: looking for them is the point
      expect(summaryText(fold(run(say)))).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202e]/)
    }
  })
})
