/**
 * The README's metadata block (`<!-- metadata -->` … `<!-- endmetadata -->`), keys and values as written, read leniently: any
 * bullet, bold or not, any value. Null without a block.
 */
export function readMetadata(readme: string): ReadonlyMap<string, string> | null {
  const block = /<!--\s*metadata\s*-->([\s\S]*?)(?:<!--\s*endmetadata\s*-->|$(?![\s\S]))/i.exec(readme)
  if (!block) return null
  const pairs = (block[1] ?? '').split(/\r?\n/).flatMap((line) => {
    const match = /^\s*[*+-]\s+(?:\*\*|__)?([^:*_]+?)(?:\*\*|__)?\s*:\s*(?:\*\*|__)?\s*(.*?)\s*$/.exec(line)
    return match?.[1] ? [[match[1].trim(), match[2] ?? ''] as const] : []
  })
  return new Map(pairs)
}
