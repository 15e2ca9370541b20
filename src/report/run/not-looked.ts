import type { Results } from '../../verdict/results.ts'

type Why = NonNullable<Results['notLooked']>[number]['why']

const WORDS: Readonly<Record<Why, [one: string, many: string]>> = {
  picture: ['picture', 'pictures'],
  binary: ['binary file', 'binary files'],
  archive: ['archive', 'archives'],
  'too-large': ['file that is too large', 'files that are too large'],
  within: ['archive in part', 'archives in part'],
}

/** `2 pictures, 1 archive in part`: what was not looked into for secrets. Null when that is nothing, or the results do not say. */
export function notLookedText({ notLooked = [] }: Pick<Results, 'notLooked'>): string | null {
  const counts = Map.groupBy(notLooked, ({ why }) => why)
  if (counts.size === 0) return null
  return [...counts].map(([why, { length }]) => `${length} ${WORDS[why][length === 1 ? 0 : 1]}`).join(', ')
}
