/**
 * `argv` for a program that reads its standard input to the end, so that it meets the end after exactly this input. Docker 20.10 loses the end that
 * its client sends now and then on a busy machine (the call that closes the input of an exec fails without a word), and a program that waits
 * for it waits forever: seen once in some thousand calls. Where the container has no `head`, the end must come from the engine.
 */
export function withBoundedInput(argv: readonly string[], input: string | Buffer): string[] {
  return ['sh', '-c', BOUNDED, 'input', String(Buffer.byteLength(input)), ...argv]
}

const BOUNDED = `bytes=$1; shift
if command -v head >/dev/null 2>&1; then head -c "$bytes" | "$@"; else exec "$@"; fi`
