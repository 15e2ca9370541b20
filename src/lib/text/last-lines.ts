/** What loggers and runtimes write into a line that says what went wrong: a level, the name of an error, or what could not be done. */
const ERROR =
  /\b(?:err|fatal|panic|critical|crit|traceback|denied|refused|unable|failed|failure|missing|cannot|can't|could not|not found|no such|does(?:n't| not) exist)\b|(?:error|exception)\b/i

/** So many of the lines are the end, whatever they say. */
const END_SHARE = 0.6

/**
 * The last `count` lines of a log; where a program says what went wrong and then goes on for long, as one that shuts down in order, some of them are instead the last lines of before
 * that name an error. Their order stays.
 */
export function lastLines(lines: readonly string[], count: number): string[] {
  const end = lines.length - Math.ceil(count * END_SHARE)
  const named = lines.flatMap((line, at) => (at < end && ERROR.test(line) ? [at] : []))
  const errors = named.slice(-Math.floor(count * (1 - END_SHARE)))
  const others = lines.map((_, at) => at).filter((at) => !errors.includes(at))
  const shown = new Set([...errors, ...others.slice(-(count - errors.length))])
  return lines.filter((_, at) => shown.has(at))
}
