import type { FileHandle } from 'node:fs/promises'
import { StringDecoder } from 'node:string_decoder'

export interface LogPage {
  /** Number of the first line, from 1. */
  readonly from: number
  readonly lines: readonly string[]
  /** There are lines after these. */
  readonly more: boolean
}

export interface LogMatches {
  readonly matches: readonly { readonly line: number; readonly text: string }[]
  /** There are more, or the rest was not read. */
  readonly more: boolean
}

/** A line is remembered up to here: a log without line ends must not fill the memory. */
const MOST_LINE = 64 * 1024
const CHUNK = 256 * 1024

/** `count` lines from line `from` on. Reads the file up to there, never more than a piece of it at a time. */
export async function readLogPage(
  file: FileHandle,
  { from, count }: { from: number; count: number },
): Promise<LogPage> {
  const lines: string[] = []
  let number = 0
  for await (const line of linesOf(file)) {
    number++
    if (number < from) continue
    if (lines.length === count) return { from, lines, more: true }
    lines.push(line)
  }
  return { from, lines, more: false }
}

/** The first `most` lines that hold `text`, in any case. */
export async function searchLog(file: FileHandle, text: string, most: number): Promise<LogMatches> {
  const wanted = text.toLowerCase()
  const matches: { line: number; text: string }[] = []
  let number = 0
  for await (const line of linesOf(file)) {
    number++
    if (!line.toLowerCase().includes(wanted)) continue
    if (matches.length === most) return { matches, more: true }
    matches.push({ line: number, text: line })
  }
  return { matches, more: false }
}

async function* linesOf(file: FileHandle): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8')
  const buffer = Buffer.allocUnsafe(CHUNK)
  let rest = ''
  for (;;) {
    const { bytesRead } = await file.read(buffer, 0, CHUNK, null)
    if (bytesRead === 0) break
    const parts = decoder.write(buffer.subarray(0, bytesRead)).split('\n')
    parts[0] = rest + (parts[0] ?? '')
    rest = (parts.pop() ?? '').slice(0, MOST_LINE)
    yield* parts.map((part) => part.slice(0, MOST_LINE))
  }
  const last = (rest + decoder.end()).slice(0, MOST_LINE)
  if (last !== '') yield last
}
