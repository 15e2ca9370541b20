import { relative, sep } from 'node:path'

/** Where the code of both sides lies; see defaults.ts. */
export function codeRoot(): string {
  return process.env.CC_CI_CODE ?? ''
}

/** `/code/recipe/tests/x.spec.ts` as its side and its path there; null for any other file. */
export function sourcePlace(file: string): { readonly side: string; readonly file: string } | null {
  const [side = '', ...rest] = relative(codeRoot(), file).split(sep)
  return (side === 'recipe' || side === 'operator') && rest.length > 0 ? { side, file: rest.join('/') } : null
}

/** Text in which the files of the recipe are named relative to the code. */
export function withShortPaths(text: string): string {
  return text.replaceAll(`file://${codeRoot()}/`, '').replaceAll(`${codeRoot()}/`, '')
}
