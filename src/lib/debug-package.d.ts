/** The part of the package `debug` that debug.ts uses; it brings no types of its own. */
declare module 'debug' {
  export interface Debugger {
    (format: string, ...args: unknown[]): void
    readonly namespace: string
    readonly enabled: boolean
    /** Milliseconds since the line before of this namespace. */
    readonly diff: number
  }
  interface CreateDebug {
    (namespace: string): Debugger
    /** Replaces what was enabled, and notes it in `process.env.DEBUG`. */
    enable(namespaces: string): void
    disable(): string
    log: (...args: unknown[]) => void
    formatArgs: (this: Debugger, args: unknown[]) => void
  }
  const createDebug: CreateDebug
  // biome-ignore lint/style/noDefaultExport: it is how the package exports it
  export default createDebug
}
