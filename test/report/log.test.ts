import { expect, test } from 'vitest'
import { ansiLine } from '../../src/report/html/ansi.ts'
import { logLines, logName } from '../../src/report/html/log.ts'

const ESC = '\u001b'

test.each([
  ['plain', 'plain'],
  [`${ESC}[31mred${ESC}[0m on`, '<span class="a31">red</span> on'],
  [`${ESC}[1;32mok${ESC}[39m!`, '<span class="a1 a32">ok</span><span class="a1">!</span>'],
  [`${ESC}[31ma${ESC}[32mb`, '<span class="a31">a</span><span class="a32">b</span>'],
  [`${ESC}[38;5;196mx${ESC}[48;2;1;2;31my`, 'xy'],
  [`${ESC}[4mu${ESC}[24mv${ESC}[mw`, '<span class="a4">u</span>vw'],
  [`${ESC}[2J${ESC}]0;title\u0007<b>`, '&lt;b&gt;'],
  [`${ESC}[999999999999mx`, 'x'],
])('colours of a log become classes, all other escape sequences go: %j', (line, markup) => {
  expect(ansiLine(line).text).toBe(markup)
})

test('a line has a number that links to it, its time of day, and what is searched for marked', () => {
  const lines = ['2026-11-30T16:41:07.467123456Z GET /a.b <x>', 'no time']
  const { text } = logLines({ id: 'log', from: 7, lines, search: 'A.B' })
  expect(text).toContain('<li id="log-L7"><a href="#log-L7" aria-label="line 7">7</a>')
  expect(text).toContain('>16:41:07.467</time> GET /<mark>a.b</mark> &lt;x&gt;')
  expect(logLines({ id: 'log', from: 1, lines: ['axb'], search: 'a.b' }).text).not.toContain('<mark>')
})

test('a log is named by its service, which start it was, and how it ended', () => {
  const one = { service: 'app', startedAt: null, finishedAt: null, oomKilled: false, exitCode: 3 }
  const containers = [
    { ...one, task: 'aaa' },
    { ...one, service: 'db', task: 'bbb', exitCode: null },
    { ...one, task: 'ccc', oomKilled: true, exitCode: 137 },
  ]
  const name = (path: string) => logName(path, { containers })
  expect(name('logs/app.aaa.log')).toBe('app, 1st start, exit 3')
  expect(name('logs/attempt-1/app.ccc.log')).toBe('app, 2nd start, killed for memory (attempt 1)')
  expect(name('logs/db.bbb.log')).toBe('db, 1st start, ran at the end')
  expect(name('logs/hook.log')).toBe('hook.log')
})
