/** What a masked value is replaced with. */
export const MASK = '***'

/** Shorter values are not masked: they would blacken ordinary words and protect nothing. */
export const MIN_SECRET_LENGTH = 8

/**
 * Replaces secrets in text that will be kept or shown: the value itself, URL-encoded, JSON-escaped, hex, and base64 at its three
 * alignments. `stream()` gives the same answer for text that arrives in chunks cut at any character.
 */
export class Masker {
  #patterns: string[] = []
  #regex: RegExp | undefined
  readonly #known = new Set<string>()

  /** Adds a secret; values shorter than MIN_SECRET_LENGTH characters are ignored. Multi-line values are masked line by line too. */
  add(value: string): void {
    for (const part of [value, value.trim(), ...value.split(/\r?\n/)]) {
      if (part.length >= MIN_SECRET_LENGTH && !this.#known.has(part)) {
        this.#known.add(part)
        this.#patterns.push(...encodings(part))
      }
    }
    this.#patterns = [...new Set(this.#patterns)].sort((a, b) => b.length - a.length)
    this.#regex = undefined
  }

  mask(text: string): string {
    if (this.#patterns.length === 0) return text
    return text.replace(this.#compiled(), MASK)
  }

  /** True when the text holds a secret in any of its encodings. */
  leaks(text: string): boolean {
    return this.#patterns.some((pattern) => text.includes(pattern))
  }

  stream(): MaskStream {
    return new MaskStream(this)
  }

  /** Length of the longest thing to mask: how much a stream must hold back. */
  get longest(): number {
    return this.#patterns[0]?.length ?? 0
  }

  #compiled(): RegExp {
    this.#regex ??= new RegExp(
      this.#patterns.map((pattern) => pattern.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')).join('|'),
      'g',
    )
    return this.#regex
  }
}

/** Masks text that comes in pieces; `end()` gives the rest. */
export class MaskStream {
  readonly #masker: Masker
  #held = ''

  constructor(masker: Masker) {
    this.#masker = masker
  }

  push(chunk: string): string {
    const text = this.#masker.mask(this.#held + chunk)
    const keep = Math.min(text.length, Math.max(0, this.#masker.longest - 1))
    this.#held = text.slice(text.length - keep)
    return text.slice(0, text.length - keep)
  }

  end(): string {
    const rest = this.#masker.mask(this.#held)
    this.#held = ''
    return rest
  }
}

function encodings(value: string): string[] {
  const bytes = Buffer.from(value)
  return [
    value,
    encodeURIComponent(value),
    new URLSearchParams({ v: value }).toString().slice(2),
    JSON.stringify(value).slice(1, -1),
    bytes.toString('hex'),
    ...base64Alignments(bytes),
  ].filter((text) => text.length >= MIN_SECRET_LENGTH)
}

/** The characters that are the same wherever the value stands in a longer base64 text, in both alphabets. */
function base64Alignments(bytes: Buffer): string[] {
  return [0, 1, 2].flatMap((offset) => {
    const text = Buffer.concat([Buffer.alloc(offset), bytes])
      .toString('base64')
      .replace(/=+$/, '')
    const start = Math.ceil((offset * 8) / 6)
    const end = Math.floor(((offset + bytes.length) * 8) / 6)
    const core = text.slice(start, end)
    return [core, core.replaceAll('+', '-').replaceAll('/', '_')]
  })
}
