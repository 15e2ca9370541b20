import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ExecResult } from '../../../src/lib/process/exec.ts'

const DIR = join(import.meta.dirname, 'transcripts')
export const TRANSCRIPTS = readdirSync(DIR).flatMap((name) => (name.endsWith('.txt') ? [name.slice(0, -4)] : []))

/** What a program gives that prints this: see `transcripts/README.md`. */
export function transcript(name: string): ExecResult & { readonly call: string } {
  const rows = readFileSync(join(DIR, `${name}.txt`), 'utf8').split('\n')
  const of = (mark: string) => rows.flatMap((row) => (row.startsWith(`${mark} `) ? [row.slice(mark.length + 1)] : []))
  const terminal = of('tty').map((line) => `${line.replaceAll('\\e', '\u001b')}\r`)
  return {
    call: of('$')[0] ?? '',
    exitCode: Number(of('rc')[0]),
    stdout: [...of('out'), ...terminal].map((line) => `${line}\n`).join(''),
    stderr: of('err')
      .map((line) => `${line}\n`)
      .join(''),
    timedOut: false,
  }
}
