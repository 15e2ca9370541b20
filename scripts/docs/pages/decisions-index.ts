import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { markdownPage } from './markdown-page.ts'

const FOLDER = join(import.meta.dirname, '..', '..', '..', 'docs', 'decisions')

/** The index of docs/decisions. Throws for a page without title, status or date. */
export function decisionsPage(): string {
  const rows = globSync('[0-9]*.md', { cwd: FOLDER })
    .sort()
    .map((file) => row(file, readFileSync(join(FOLDER, file), 'utf8')))
  return markdownPage('Decisions', [
    'Choices that are costly to undo: context, choice, cost, and what would change our mind. The newest is last. A page that no longer holds keeps its text and gets the status `superseded by NUMBER`. `npm run docs` writes this index from the pages.',
    ['| number | decision | status | date |', '|---|---|---|---|', ...rows].join('\n'),
  ])
}

export function row(file: string, text: string): string {
  const [, number, title] = /^# (\d+)\. (.+)$/m.exec(text) ?? []
  const [, status, date] =
    /^Status: (proposed|accepted|superseded by \d+)\. Date: (\d{4}-\d{2}-\d{2})\.$/m.exec(text) ?? []
  if (!title || !status)
    throw new Error(
      `docs/decisions/${file}: "# NUMBER. TITLE" and "Status: accepted. Date: YYYY-MM-DD." must stand on top`,
    )
  return `| ${number} | [${title}](${file}) | ${status} | ${date} |`
}
