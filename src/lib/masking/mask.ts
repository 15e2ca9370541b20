import { formsOf, shortFormsOf } from './mask-forms.ts'
import { BEGIN, FormSearch, LOOK_BEHIND, UNDECIDED } from './mask-search.ts'
import { isOrdinary } from './ordinary-words.ts'

/** What a masked value is replaced with. */
export const MASK = '***'

/** Values of so many characters are masked wherever they stand, also within words. */
export const MIN_SECRET_LENGTH = 8

/** Shorter ones, down to this, are masked where they stand alone. What is shorter still protects nothing and would blacken every page. */
export const MIN_ALONE_LENGTH = 4

/** Whether a secret of this value can be masked at all; docs/decisions/0035 has why some cannot. */
export function isMaskable(value: string): boolean {
  return value.length >= MIN_SECRET_LENGTH || (value.length >= MIN_ALONE_LENGTH && !isOrdinary(value))
}

/**
 * Replaces secrets in text that will be kept or shown: the value itself and as it stands in URLs, JSON, HTML, shells, compose files, hex, and
 * base64 (at its three alignments, also broken into lines). Of secrets that overlap all goes. `stream()` gives the same answer for text that
 * arrives in chunks cut at any character.
 */
export class Masker {
  readonly #known = new Set<string>()
  /** All secrets; those that count as leaks. Made when they are first asked for: secrets come one by one. */
  #all: FormSearch | null = null
  #long: FormSearch | null = null

  /** Adds a secret; what `isMaskable` refuses is ignored. Multi-line values are masked line by line too. */
  add(value: string): void {
    const lines = value.split(/\r?\n/)
    for (const part of [value, value.trim(), ...(lines.length > 1 ? lines.filter(isLong) : [])]) {
      if (!isMaskable(part) || this.#known.has(part)) continue
      this.#known.add(part)
      this.#all = null
      this.#long = null
    }
  }

  mask(text: string): string {
    return this.#known.size === 0 ? text : maskWhole(text, this.search())
  }

  /** True when the text holds a secret in any of its forms. A short one that stands alone may be there by chance, and is none. */
  leaks(text: string): boolean {
    const search = this.#longSearch()
    const last = text.length - BEGIN
    for (let at = search.nextBegin(text, 0); at <= last; at = search.nextBegin(text, at + 1))
      if (search.endFrom(text, at, true) >= 0) return true
    return false
  }

  /** The text without what `leaks` tells of. */
  withoutLeaks(text: string): string {
    return maskWhole(text, this.#longSearch())
  }

  stream(): MaskStream {
    return new MaskStream(this)
  }

  /** What finds all secrets that are known now. */
  search(): FormSearch {
    this.#all ??= searchFor([...this.#known])
    return this.#all
  }

  #longSearch(): FormSearch {
    this.#long ??= searchFor([...this.#known].filter(isLong))
    return this.#long
  }
}

/** Masks text that comes in pieces; `end()` gives the rest. Holds back from where the first secret may have begun, no more. */
export class MaskStream {
  readonly #masker: Masker
  /** Some text that was looked at, then what was not. */
  #held = ''
  /** From here on it was not looked at. */
  #at = 0
  /** Up to here it belongs to a secret whose mask was given. */
  #covered = 0

  constructor(masker: Masker) {
    this.#masker = masker
  }

  push(chunk: string): string {
    return this.#take(chunk, false)
  }

  end(): string {
    return this.#take('', true)
  }

  #take(chunk: string, whole: boolean): string {
    const text = this.#held + chunk
    const { out, at, covered } = scan(text, { at: this.#at, covered: this.#covered }, this.#masker.search(), whole)
    const gone = Math.max(0, at - LOOK_BEHIND)
    this.#held = text.slice(gone)
    this.#at = at - gone
    this.#covered = Math.max(0, covered - gone)
    return out
  }
}

function isLong(value: string): boolean {
  return value.length >= MIN_SECRET_LENGTH
}

function searchFor(values: readonly string[]): FormSearch {
  const search = new FormSearch()
  for (const value of values) {
    if (isLong(value)) for (const form of formsOf(value)) search.add(form, 'anywhere')
    else for (const form of shortFormsOf(value)) search.add(form, 'alone')
  }
  return search
}

function maskWhole(text: string, search: FormSearch): string {
  return scan(text, { at: 0, covered: 0 }, search, true).out
}

interface Progress {
  readonly at: number
  readonly covered: number
}

/** Masks from `at` on, up to the end of a whole text, else up to where something may have begun. */
function scan(text: string, { at, covered }: Progress, search: FormSearch, whole: boolean): Progress & { out: string } {
  let out = ''
  let shown = Math.max(at, covered)
  const last = text.length - BEGIN
  let now = search.nextBegin(text, at)
  for (; now <= last; now = search.nextBegin(text, now + 1)) {
    const end = search.endFrom(text, now, whole)
    if (end === UNDECIDED) break
    if (end < 0) continue
    if (now >= shown) out += text.slice(shown, now) + MASK
    shown = Math.max(shown, end)
  }
  if (whole) now = text.length
  // Half a character would become another one where the text becomes bytes.
  else if (now > shown && /[\ud800-\udbff]/.test(text.charAt(now - 1))) now--
  if (now > shown) out += text.slice(shown, now)
  return { out, at: now, covered: Math.max(shown, now) }
}
