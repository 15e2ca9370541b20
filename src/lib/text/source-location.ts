/** A position in a file a person can open. Lines and columns count from 1; a place without a line means the whole file. */
export interface SourceLocation {
  readonly file: string
  readonly line?: number
  readonly column?: number
}

/** `compose.yml:12:5`, the form editors and terminals make clickable. */
export function formatLocation({ file, line, column }: SourceLocation): string {
  return [file, line, line === undefined ? undefined : column].filter((part) => part !== undefined).join(':')
}

/** The reverse of `formatPlace`. */
export function parseLocation(text: string): SourceLocation {
  const [, file = text, line, column] = /^(.*?)(?::(\d+))?(?::(\d+))?$/.exec(text) ?? []
  return { file, ...(line ? { line: Number(line) } : {}), ...(column ? { column: Number(column) } : {}) }
}
