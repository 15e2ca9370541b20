import { relative, sep } from 'node:path'
import { codeRoot } from '../code-root.ts'
import type { RunnerMessage, SpecFile } from './report-message.ts'
import type { RunnerEnd } from './runner.ts'

/** What came of one start of the test runner with several files. */
export class BatchLog {
  readonly #files: readonly string[]
  readonly #broken = new Set<string>()
  readonly #touched = new Set<string>()
  #running: (SpecFile & { readonly title: string }) | null = null
  #begun = false
  #status: 'passed' | 'failed' | null = null

  constructor(files: readonly string[]) {
    this.#files = files
  }

  /** Gives the message back when it is news for the harness. */
  take(message: RunnerMessage): RunnerMessage | null {
    if (message.kind === 'error' && message.phase === 'load') return this.#notLoaded(message)
    if ((message.kind === 'start' || message.kind === 'test') && !this.#has(message)) {
      return { kind: 'error', message: `a report of ${keyOf(message)}, which is not run here`, phase: 'run' }
    }
    if (message.kind === 'begin') this.#begun = true
    if (message.kind === 'start') {
      this.#running = message
      this.#touched.add(keyOf(message))
    }
    if (message.kind === 'test') this.#running = null
    if (message.kind === 'error' && !this.#has(message))
      return { kind: 'error', message: message.message, phase: 'run' }
    if (message.kind !== 'end') return message
    this.#status = message.status
    return null
  }

  /** What a module of the recipe's own does wrong is the error of the file that imports it: found out by running each alone. */
  #notLoaded(message: Extract<RunnerMessage, { kind: 'error' }>): RunnerMessage | null {
    const [first = ''] = this.#files
    const isNamed = this.#has(message)
    if (!isNamed && this.#files.length > 1) return null
    const named = isNamed ? message : { ...message, ...specOf(first) }
    this.#broken.add(keyOf(named))
    return named
  }

  #has(place: Partial<SpecFile>): boolean {
    return this.#files.some((file) => keyOf(specOf(file)) === keyOf(place))
  }

  get passed(): boolean {
    return this.#status === 'passed'
  }

  /** What there is to say about an end that the test runner did not announce. */
  unannounced({ exitCode, signal }: RunnerEnd): RunnerMessage | null {
    if (this.#status !== null) return null
    const how = signal ? `was killed by ${signal}` : `ended with ${exitCode}`
    if (this.#running) {
      const { side, file, title } = this.#running
      return { kind: 'error', side, file, message: `the test runner ${how} during "${title}"`, phase: 'run' }
    }
    if (this.#begun) return { kind: 'error', message: `the test runner ${how} between two tests`, phase: 'run' }
    const [only = ''] = this.#files
    return this.#files.length > 1
      ? null
      : { kind: 'error', ...specOf(only), message: `the program ${how} while this file was loaded`, phase: 'load' }
  }

  /** What has yet to be run: files that were held up by others that do not load, or that ended the runner. */
  next(): readonly (readonly string[])[] {
    const rest = this.#files.filter((file) => !this.#broken.has(keyOf(specOf(file))))
    const isHeldUp = !this.#begun && this.#status !== 'passed'
    if (isHeldUp && rest.length < this.#files.length) return rest.length === 0 ? [] : [rest]
    if (isHeldUp) return this.#files.length > 1 ? this.#files.map((file) => [file]) : []
    if (this.#status !== null) return []
    const untouched = this.#files.filter((file) => !this.#touched.has(keyOf(specOf(file))))
    return untouched.length > 0 && untouched.length < this.#files.length ? [untouched] : []
  }
}

function keyOf({ side, file }: Partial<SpecFile>): string {
  return `${side}/${file}`
}

function specOf(path: string): SpecFile {
  const [side = '', ...rest] = relative(codeRoot(), path).split(sep)
  return { side, file: rest.join('/') }
}
