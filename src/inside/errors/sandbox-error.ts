/** An error that code in the sandbox sees. `code` is stable and kebab-case; the hint, an instruction, is part of the message. */
export class SandboxError extends Error {
  readonly code: string

  constructor(code: string, message: string, hint?: string) {
    super(hint ? `${message}\n  ${hint}` : message)
    this.name = 'SandboxError'
    this.code = code
    this.stack = withoutOwnLines(this.stack ?? '')
  }
}

/** The author's line comes first: what is shown of the code around an error is then theirs. */
function withoutOwnLines(stack: string): string {
  const isOwn = (line: string) => /^\s+at .*\/src\/(inside|public)\/(?:[a-z-]+\/)*[a-z-]+\.ts/.test(line)
  return stack
    .split('\n')
    .filter((line) => !isOwn(line))
    .join('\n')
}
