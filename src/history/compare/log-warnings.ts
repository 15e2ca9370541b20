import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { withoutNumbers } from '../../lib/text/fold-repeats.ts'

// cspell:ignore emerg deprecat
/** Words with which programs mark what an operator should look at, in the languages of log lines. */
const WARNS =
  /\b(?:warn(?:ing)?|err(?:or)?|fatal|panic|critical|alert|emerg(?:ency)?|exception|traceback|deprecat\w*)\b/i
const STAMP = /^\d{4}-\d\d-\d\dT[\d:.]+Z /
/** So many kinds of lines of one run: a program that warns about everything has said enough. */
const MOST = 2_000

export interface LogWarning {
  readonly service: string
  /** As it was last written. */
  readonly line: string
  readonly times: number
}

/** Lines of the logs of a run that warn, by service and shape (`withoutNumbers`); null where no log is kept. */
export function logWarnings(logs: string): ReadonlyMap<string, LogWarning> | null {
  const files = filesIn(logs)
  if (files.length === 0) return null
  const found = new Map<string, LogWarning>()
  for (const file of files) {
    const service = file.split('.')[0] ?? file
    for (const raw of readFileSync(join(logs, file), 'utf8').split('\n')) {
      const line = raw.replace(STAMP, '').trim()
      if (!WARNS.test(line)) continue
      const key = `${service} ${withoutNumbers(line)}`
      const times = (found.get(key)?.times ?? 0) + 1
      if (times > 1 || found.size < MOST) found.set(key, { service, line, times })
    }
  }
  return found
}

function filesIn(dir: string): string[] {
  try {
    return readdirSync(dir)
      .filter((name) => name.endsWith('.log'))
      .sort()
  } catch {
    return []
  }
}
