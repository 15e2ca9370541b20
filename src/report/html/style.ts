import { readFileSync } from 'node:fs'

/** The style sheet of every page and report, as text. Without its comments: a report carries it inline. */
export const STYLE = readFileSync(new URL('page.css', import.meta.url), 'utf8').replace(/\/\*[\s\S]*?\*\/\n?/g, '')
