// cspell:ignore Fhome
import { randomBytes } from 'node:crypto'
import { Masker } from '../../src/lib/masking/mask.ts'

/**
 * What masking costs, beside the least that it could be: one regular expression of the plain values and a few encodings, each as a fixed text.
 * Both do the same texts by turns in one run. Prints MB a second of each and their ratio, and how time grows with the text.
 */
const ROUNDS = 5
const MEGABYTES = 16

function fixedTexts(value: string): string[] {
  const bytes = Buffer.from(value)
  const base64 = [0, 1, 2].map((offset) =>
    Buffer.concat([Buffer.alloc(offset), bytes])
      .toString('base64')
      .slice(offset === 0 ? 0 : offset + 1)
      .replace(/..?=*$/, ''),
  )
  return [value, encodeURIComponent(value), JSON.stringify(value).slice(1, -1), bytes.toString('hex'), ...base64]
}

function expressionOf(values: readonly string[]): RegExp {
  const texts = [...new Set(values.flatMap(fixedTexts))].sort((a, b) => b.length - a.length)
  return new RegExp(texts.map((text) => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')).join('|'), 'g')
}

function secondsOf(work: () => void): number {
  const start = process.hrtime.bigint()
  work()
  return Number(process.hrtime.bigint() - start) / 1e9
}

function least(times: readonly number[]): number {
  return Math.min(...times)
}

/** A log as apps write it: the same words, times, addresses, some JSON, some base64, a secret here and there. */
function logOf(values: readonly string[], bytes: number): string {
  const lines: string[] = []
  for (let size = 0, line = 0; size < bytes; line++) {
    const noise =
      line % 40 === 0
        ? randomBytes(48).toString('base64')
        : `"GET /index.html?x=${line % 97}&y=%2Fhome HTTP/1.1" 200 612`
    const secret = line % 200 === 0 ? ` password=${values[line % values.length]}` : ''
    const text = `2026-11-30T04:${line % 60}:12.3456Z app.1 {"level":"info","msg":"request done","ms":${line % 1000}} ${noise}${secret}`
    lines.push(text)
    size += text.length + 1
  }
  return lines.join('\n')
}

const rows: string[] = []
for (const count of [1, 5, 20, 60]) {
  const values = Array.from({ length: count }, () => randomBytes(24).toString('base64url'))
  const text = logOf(values, MEGABYTES * 1_000_000)
  const masker = new Masker()
  for (const value of values) masker.add(value)
  const expression = expressionOf(values)
  const ready = secondsOf(() => masker.mask('the first text'))
  const ours: number[] = []
  const plain: number[] = []
  const streamed: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    ours.push(secondsOf(() => masker.mask(text)))
    plain.push(secondsOf(() => text.replace(expression, '***')))
    streamed.push(
      secondsOf(() => {
        const stream = masker.stream()
        for (let at = 0; at < text.length; at += 16_384) stream.push(text.slice(at, at + 16_384))
        stream.end()
      }),
    )
  }
  const rate = (times: readonly number[]) => (MEGABYTES / least(times)).toFixed(0).padStart(5)
  const ratio = (least(ours) / least(plain)).toFixed(2)
  const double = `${text}\n${text}`
  const twice = Array.from({ length: ROUNDS }, () => secondsOf(() => masker.mask(double)))
  const growth = (least(twice) / least(ours)).toFixed(1)
  rows.push(
    `${String(count).padStart(7)}  masker ${rate(ours)} MB/s  stream ${rate(streamed)} MB/s  one expression ${rate(plain)} MB/s  time ${ratio} x  twice the text ${growth} x  ready in ${(ready * 1000).toFixed(0)} ms`,
  )
}
console.log(`secrets\n${rows.join('\n')}`)
