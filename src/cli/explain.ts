import { canariesOf } from '../canaries/coverage.ts'
import { CANARIES } from '../canaries/set/index.ts'
import { explainText } from '../report/run/explain.ts'
import { CAUSES } from '../verdict/causes.ts'

/** `cc-ci explain [CODE]`. Throws UsageError for an unknown code. */
export async function explainCommand(code: string | undefined): Promise<number> {
  process.stdout.write(code === undefined ? listText() : explainText(code, (known) => canariesOf(known, CANARIES)))
  return 0
}

function listText(): string {
  return Object.entries(CAUSES)
    .map(([code, { blame, what }]) => `${code.padEnd(28)}${blame.padEnd(10)}${what}\n`)
    .join('')
}
