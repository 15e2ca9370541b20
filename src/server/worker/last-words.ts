const KEPT = 16 * 1024

/** The end of what a process said, in bounded room whatever it says and however long its lines are. */
export class LastWords {
  #kept = Buffer.alloc(0)
  #total = 0

  push(chunk: Buffer): void {
    this.#total += chunk.byteLength
    const both = Buffer.concat([this.#kept, chunk.subarray(Math.max(0, chunk.byteLength - KEPT))])
    this.#kept = both.subarray(Math.max(0, both.byteLength - KEPT))
  }

  /** Bytes that came in all. */
  get total(): number {
    return this.#total
  }

  /** At most `characters`, whole lines where there are several. */
  text(characters: number): string {
    const all = this.#kept.toString('utf8').trim()
    if (all.length <= characters) return all
    const end = all.slice(-characters)
    const line = end.indexOf('\n')
    return line === -1 ? end : end.slice(line + 1)
  }
}
