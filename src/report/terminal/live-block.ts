import type { Screen } from './screen.ts'

const REDRAW_MS = 200
const HIDE_CURSOR = '\u001b[?25l'
const SHOW_CURSOR = '\u001b[?25h'
const ERASE_REST_OF_LINE = '\u001b[K'
const ERASE_BELOW = '\u001b[J'
/** From the first cell of a row on. Not all at once: where that cell is the first of the screen, tmux would keep what is erased in its history. */
const ERASE_BLOCK = `${ERASE_REST_OF_LINE}\u001b[C${ERASE_BELOW}\r`
/** A row that is wider than the terminal, because it was resized just now, is cut by it and not wrapped. */
const CUT_ROWS = '\u001b[?7l'
const WRAP_ROWS = '\u001b[?7h'

/** A stream of this process whose text would fall into the block. */
export interface SharedStream {
  write(...args: never[]): unknown
}

export interface LiveBlockOptions {
  readonly stream: Screen
  readonly now: () => number
  /** The rows to be drawn now, each narrower than the terminal; none: there is no block. */
  readonly rows: () => readonly string[]
  /** Other streams that may be the same terminal. */
  readonly shared?: readonly SharedStream[]
}

/**
 * Rows at the end of a terminal that are drawn over and over, below lines that stay. Between two drawings the cursor rests on the first cell of the
 * block, hidden: whatever a resize did to the rows, the block is what lies from there on, so nothing has to be counted and nothing is left behind. What
 * others write meanwhile (debug lines, warnings) is put above the block.
 */
export class LiveBlock {
  readonly #stream: Screen
  readonly #options: LiveBlockOptions
  readonly #restore: (() => void)[] = []
  #open = true
  #drawnAt = Number.NEGATIVE_INFINITY
  #stands = false
  #lineOpen = false

  constructor(options: LiveBlockOptions) {
    this.#options = options
    const { stream, shared = [] } = options
    this.#stream = { write: stream.write.bind(stream) }
    for (const other of new Set<SharedStream>([stream as SharedStream, ...shared])) this.#watch(other)
    this.#listen()
  }

  /** Lines that stay, above the block. */
  print(lines: readonly string[]): void {
    if (lines.length > 0) this.#draw(lines)
  }

  /** Draws what may have changed, at most a few times a second. */
  refresh(): void {
    if (this.#options.now() - this.#drawnAt >= REDRAW_MS) this.#draw([])
  }

  /** Takes the block away and gives the cursor back. May be called more than once. */
  close(): void {
    if (!this.#open) return
    this.#erase()
    this.#open = false
    for (const undo of this.#restore.splice(0)) undo()
  }

  #draw(lines: readonly string[]): void {
    if (!this.#open) return
    const height = Math.max(1, (this.#options.stream.rows ?? 24) - 1)
    const block = this.#options.rows().slice(0, height)
    this.#drawnAt = this.#options.now()
    if (lines.length === 0 && block.length === 0 && !this.#stands) return
    const begin = this.#lineOpen ? '\n' : '\r'
    const staying = lines.length > 0 ? `${ERASE_BLOCK}${lines.join('\n')}\n` : ''
    const rows = block.map((row) => `${row}${ERASE_REST_OF_LINE}`).join('\n')
    const moving = block.length > 0 ? `${CUT_ROWS}${rows}${ERASE_BELOW}${WRAP_ROWS}` : ERASE_BLOCK
    const back = block.length > 1 ? `\r\u001b[${block.length - 1}A` : '\r'
    const cursor = block.length > 0 ? HIDE_CURSOR : SHOW_CURSOR
    this.#stream.write(`${begin}${cursor}${staying}${moving}${back}`)
    this.#stands = block.length > 0
    this.#lineOpen = false
  }

  #erase(): void {
    if (this.#stands) this.#stream.write(`\r${ERASE_BLOCK}${SHOW_CURSOR}`)
    this.#stands = false
  }

  /** The block makes room for what others write, and comes back with the next drawing. */
  #watch(other: SharedStream): void {
    const { write } = other
    other.write = (...args) => {
      this.#erase()
      const [text] = args as readonly unknown[]
      if (typeof text === 'string' && text !== '') this.#lineOpen = !text.endsWith('\n')
      return write.apply(other, args)
    }
    this.#restore.push(() => {
      other.write = write
    })
  }

  /** Also a crash, an exit in the middle, and Ctrl-Z leave a terminal that can be used. */
  #listen(): void {
    const onExit = () => this.#erase()
    const onStop = () => {
      this.#erase()
      process.kill(process.pid, 'SIGSTOP')
    }
    const onResize = () => this.#draw([])
    process.on('exit', onExit)
    process.on('SIGTSTP', onStop)
    process.on('SIGCONT', onResize)
    process.on('SIGWINCH', onResize)
    this.#restore.push(() => {
      process.off('exit', onExit)
      process.off('SIGTSTP', onStop)
      process.off('SIGCONT', onResize)
      process.off('SIGWINCH', onResize)
    })
  }
}
