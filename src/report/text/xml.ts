import { plain } from './plain-text.ts'

/** XML 1.0 has no way at all to write most control characters, lone surrogates or the two non-characters. */
export function escapeXml(text: string): string {
  return plain(text)
    .toWellFormed()
    .replace(/[\ufffe\uffff]/g, '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
}
