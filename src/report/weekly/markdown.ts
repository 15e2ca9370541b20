import type { WeeklyReport } from '../../history/weekly/report.ts'
import { markdownText } from '../run/markdown.ts'
import { oneLine } from '../text/plain-text.ts'
import { type Cell, type DocumentPiece, type Section, weeklyDocument } from './document.ts'
import type { RunLink } from './html.ts'

/** The report for a wiki, an issue or a chat. Whatever a recipe says stays text: no markup, link, mention or HTML of its own. */
export function weeklyMarkdown(report: WeeklyReport, link: RunLink): string {
  const { title, subtitle, totals, sections, nothing } = weeklyDocument(report)
  const { runs, recipes, pass, fail, unverified, cut } = totals
  const parts = [
    `# ${title}`,
    markdownText(subtitle),
    `${runs} run${runs === 1 ? '' : 's'} of ${recipes} recipe${recipes === 1 ? '' : 's'}: ${pass} passed, ${fail} failed, ${unverified} unverified${cut > 0 ? `; ${cut} of them were cut short` : ''}.`,
    ...sections.map((section) => sectionText(section, link)),
    nothing.length > 0 ? `Nothing ${nothing.join(', nothing ')}.` : '',
  ]
  return `${parts.filter((part) => part !== '').join('\n\n')}\n`
}

function sectionText({ title, lead, columns, rows, inline = [] }: Section, link: RunLink): string {
  const table = [
    `| ${columns.join(' | ')} |`,
    `|${columns.map(() => '---').join('|')}|`,
    ...rows.map((cells) => `| ${cells.map((cell) => cellText(cell, link)).join(' | ')} |`),
  ]
  const list = inline.map((cell) => `- ${cellText(cell, link)}`)
  return [`## ${title}`, '', lead, '', ...(rows.length > 0 ? table : list)].join('\n')
}

function cellText(cell: Cell, link: RunLink): string {
  return cell
    .map((piece) => pieceText(piece, link))
    .join('')
    .trim()
}

function pieceText(piece: DocumentPiece, link: RunLink): string {
  if (typeof piece === 'string') return spaced(piece)
  switch (piece.kind) {
    case 'run':
      return `[${markdownText(piece.text)}](<${link(piece.run)}>)`
    case 'strong':
    case 'badge':
      return `**${markdownText(piece.text)}**`
    case 'code':
      return codeText(piece.text)
    case 'dim':
      return spaced(piece.text)
    case 'break':
      return '<br>'
  }
}

/** Blanks at the ends separate pieces. */
function spaced(text: string): string {
  if (text.trim() === '') return ' '
  const [before, after] = [text.startsWith(' '), text.endsWith(' ')].map((blank) => (blank ? ' ' : ''))
  return `${before}${markdownText(text)}${after}`
}

/** Within a table a bar ends the cell, also in code. */
function codeText(text: string): string {
  const inner = oneLine(text)
  return /[`|]/.test(inner) ? markdownText(inner) : `\`${inner}\``
}
