import { displayWidth } from '../../../src/report/text/plain-text.ts'

// biome-ignore lint/suspicious/noControlCharactersInRegex: a terminal in small
const PARTS = /\u001b\[(?<amount>\??\d*)(?<letter>[A-Za-z])|\r|\n|[^\u001b\r\n]/gu

/** What a terminal of so many columns shows after these writes. */
export function screenOf(text: string, columns = 200): { readonly rows: readonly string[]; readonly cursor: boolean } {
  const terminal = new SmallTerminal(columns)
  for (const { 0: part, groups } of text.matchAll(PARTS)) {
    if (groups?.letter === undefined) terminal.put(part)
    else terminal.obey(groups.letter, groups.amount ?? '')
  }
  return { rows: terminal.rows(), cursor: terminal.cursor }
}

/** Knows what the live block uses: cursor up and right, erasing, hiding the cursor, cutting of rows that are too wide. */
class SmallTerminal {
  readonly #columns: number
  readonly #rows: string[] = ['']
  #row = 0
  #column = 0
  #wraps = true
  cursor = true

  constructor(columns: number) {
    this.#columns = columns
  }

  rows(): string[] {
    const rows = this.#rows.map((row) => row.trimEnd())
    return rows.at(-1) === '' ? rows.slice(0, -1) : rows
  }

  put(character: string): void {
    if (character === '\r') this.#column = 0
    else if (character === '\n') this.#nextRow()
    else {
      if (this.#column >= this.#columns && this.#wraps) this.#nextRow()
      const at = Math.min(this.#column, this.#columns - 1)
      const row = this.#rows[this.#row] ?? ''
      this.#rows[this.#row] = `${row.slice(0, at).padEnd(at)}${character}${row.slice(at + 1)}`
      this.#column = at + displayWidth(character)
    }
  }

  obey(letter: string, amount: string): void {
    const acts: Readonly<Record<string, () => void>> = {
      A: () => {
        this.#row = Math.max(0, this.#row - Number(amount || 1))
      },
      C: () => {
        this.#column += 1
      },
      K: () => this.#eraseRest(),
      J: () => {
        this.#eraseRest()
        this.#rows.length = this.#row + 1
      },
      m: () => {},
      h: () => this.#mode(amount, true),
      l: () => this.#mode(amount, false),
    }
    const act = acts[letter]
    if (!act) throw new Error(`a sequence that this terminal does not know: ${amount}${letter}`)
    act()
  }

  #nextRow(): void {
    this.#row += 1
    this.#column = 0
    this.#rows[this.#row] ??= ''
  }

  #eraseRest(): void {
    this.#rows[this.#row] = (this.#rows[this.#row] ?? '').slice(0, this.#column)
  }

  #mode(which: string, on: boolean): void {
    if (which === '?25') this.cursor = on
    if (which === '?7') this.#wraps = on
  }
}
