/** True for a path that a pattern names: `*` is any step, `#` the position in a list, `x-*` any name that begins so. */
export function isAt(path: readonly string[], pattern: readonly string[]): boolean {
  return path.length === pattern.length && pattern.every((part, index) => matches(part, path[index] ?? ''))
}

function matches(part: string, step: string): boolean {
  if (part === '#') return /^\d+$/.test(step)
  return part.endsWith('*') ? step.startsWith(part.slice(0, -1)) : part === step
}
