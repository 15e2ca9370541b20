/** Cuts bytes into lines. A line that grows beyond `maxBytes` is reported once, and nothing comes after it. */
export class Lines {
  readonly #maxBytes: number
  readonly #onLine: (line: string) => void
  readonly #onTooLong: () => void
  #parts: Buffer[] = []
  #size = 0
  #over = false

  constructor(maxBytes: number, onLine: (line: string) => void, onTooLong: () => void) {
    this.#maxBytes = maxBytes
    this.#onLine = onLine
    this.#onTooLong = onTooLong
  }

  push(chunk: Buffer): void {
    let rest = chunk
    for (let end = rest.indexOf(10); end >= 0 && !this.#over; end = rest.indexOf(10)) {
      this.#buffer(rest.subarray(0, end))
      rest = rest.subarray(end + 1)
      if (!this.#over) this.#emit()
    }
    if (!this.#over) this.#buffer(rest)
  }

  #buffer(bytes: Buffer): void {
    this.#size += bytes.length
    if (this.#size > this.#maxBytes) {
      this.#over = true
      this.#parts = []
      this.#onTooLong()
    } else if (bytes.length > 0) {
      this.#parts.push(bytes)
    }
  }

  #emit(): void {
    const line = Buffer.concat(this.#parts).toString('utf8')
    this.#parts = []
    this.#size = 0
    this.#onLine(line)
  }
}
