import { plain } from '../text/plain-text.ts'

/** Markup that is safe to put into a page. Only `html` makes it. */
export class Markup {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

type Piece = Markup | string | number | null | undefined | false | readonly Piece[]

/** Everything put into the template is escaped, unless it is markup itself; lists are joined, null and false are nothing. */
export function html(parts: TemplateStringsArray, ...pieces: readonly Piece[]): Markup {
  return new Markup(parts.map((part, index) => part + (index < pieces.length ? render(pieces[index]) : '')).join(''))
}

/** Text without control characters, safe in an element and in a quoted attribute. */
function escapeHtml(text: string): string {
  return plain(text)
    .toWellFormed()
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;')
}

function render(piece: Piece): string {
  if (piece === null || piece === undefined || piece === false) return ''
  if (piece instanceof Markup) return piece.text
  if (typeof piece === 'string' || typeof piece === 'number') return escapeHtml(String(piece))
  return piece.map(render).join('')
}

/** A table with headings; a cell that is not text may be markup. Empty without rows. */
export function table(
  caption: string,
  headings: readonly string[],
  rows: readonly (readonly (Markup | string | number)[])[],
): Markup {
  if (rows.length === 0) return html``
  const head = headings.map((heading) => html`<th scope="col">${heading}</th>`)
  const body = rows.map((row) => html`<tr>${row.map((cell) => html`<td>${cell}</td>`)}</tr>`)
  return html`<div class="scroll" tabindex="0"><table><caption>${caption}</caption><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table></div>`
}

/** A long id, shortened for the eye and whole on hover and for copying. */
export function id(value: string | null | undefined): Markup {
  if (!value) return html`<span class="dim">none</span>`
  const short = value.replace(/^sha256:/, '').slice(0, 12)
  return html`<code title="${value}">${short}</code>`
}

export function bytes(amount: number): string {
  if (amount < 1000) return `${amount} B`
  const power = Math.min(4, Math.floor(Math.log10(amount) / 3))
  return `${(amount / 1000 ** power).toFixed(1)} ${['B', 'kB', 'MB', 'GB', 'TB'][power]}`
}

/** What stands between backticks as code. */
export function inlineCode(text: string): Markup {
  const parts = text.split('`')
  const balanced = parts.length % 2 === 1
  return html`${parts.map((part, at) => (at % 2 === 0 ? part : balanced ? html`<code>${part}</code>` : `\`${part}`))}`
}
