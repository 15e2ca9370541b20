import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { terminalReporter } from '../../src/report/terminal/reporter.ts'
import { canRedraw, layoutFor } from '../../src/report/terminal/screen.ts'
import { summaryText } from '../../src/report/terminal/summary.ts'
import { readEvents } from '../../src/verdict/event-log.ts'
import type { RunEvent } from '../../src/verdict/events.ts'
import { fold } from '../../src/verdict/fold.ts'
import { ReplayClock } from './replay-terminal/replay-clock.ts'

/**
 * `node scripts/dev/replay-terminal.ts RUN_FOLDER`: shows a recorded run as `cc-ci test` showed it, ten times as fast. `--speed 1` is as fast as it was,
 * `--speed 0` without a pause; `--columns 40` is another width than that of this terminal, `--plain` what a pipe or a file would get.
 */
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    speed: { type: 'string', default: '10' },
    columns: { type: 'string' },
    plain: { type: 'boolean', default: false },
  },
})
const [folder] = positionals
const speed = Number(values.speed)
if (folder === undefined || !(speed >= 0)) {
  process.stderr.write('usage: node scripts/dev/replay-terminal.ts RUN_FOLDER [--speed N] [--columns N] [--plain]\n')
  process.exit(2)
}
const events = readEvents(join(folder, 'events.ndjson'))
const stream = {
  write: (text: string) => process.stdout.write(text),
  isTTY: process.stdout.isTTY && !values.plain,
  get columns() {
    return values.columns === undefined ? process.stdout.columns : Number(values.columns)
  },
  get rows() {
    return process.stdout.rows
  },
}
const clock = new ReplayClock(timeOf(events[0]))
const reporter = terminalReporter({ stream, clock })
process.once('SIGINT', () => {
  reporter.close()
  process.exit(130)
})
for (const event of events) {
  await play(timeOf(event))
  reporter.onEvent(event)
}
reporter.close()
const report = join(folder, 'report.html')
process.stdout.write(
  summaryText(fold(events), {
    ...(existsSync(report) ? { reportPath: report } : {}),
    ...layoutFor(stream),
    tiersShown: canRedraw(stream),
  }),
)

/** Until the next event, in steps that are short enough to see what moves. */
async function play(until: number): Promise<void> {
  const STEP_MS = 50
  while (speed > 0 && clock.now() + STEP_MS * speed < until) {
    await delay(STEP_MS)
    await clock.moveTo(clock.now() + STEP_MS * speed)
  }
  if (speed > 0) await delay((until - clock.now()) / speed)
  await clock.moveTo(until)
}

function timeOf(event: RunEvent | undefined): number {
  return event === undefined ? 0 : Date.parse(event.at)
}
