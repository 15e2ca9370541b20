import type { DataMap } from './source.ts'

const PROPAGATION = /^r?(private|shared|slave)$/

/** `source:target[:options]` in its long form, as docker/cli's volume parser reads it; a text is what is wrong with it. */
export function parseMount(spec: string): DataMap | string {
  if (spec === '') return 'is an empty volume'
  if (spec.length <= 2) return { type: 'volume', target: spec }
  const parts = splitSpec(spec)
  if (parts.some((part) => part === '')) return `"${spec}" has an empty section between colons`
  if (parts.length > 3) return `"${spec}" has too many colons`
  const [first = '', target, options] = parts
  if (target === undefined) return { type: 'volume', target: first }
  return {
    type: /^[./~]|^\\\\|^[A-Za-z]:/.test(first) ? 'bind' : 'volume',
    source: first,
    target,
    ...optionsOf(options),
  }
}

/** A single letter before a colon is a Windows drive to this parser, which is why one-letter volume names break. */
function splitSpec(spec: string): string[] {
  const parts: string[] = []
  let part = ''
  for (const char of spec) {
    if (char === ':' && !/^[A-Za-z]$/.test(part)) {
      parts.push(part)
      part = ''
    } else part += char
  }
  return [...parts, part]
}

function optionsOf(text: string | undefined): DataMap {
  const result: DataMap = {}
  for (const option of text?.split(',') ?? []) {
    if (option === 'ro') result.read_only = true
    else if (option === 'nocopy') result.volume = { nocopy: true }
    else if (PROPAGATION.test(option)) result.bind = { propagation: option }
  }
  return result
}
