import { createHash } from 'node:crypto'
import { html, Markup } from './markup.ts'
import { STYLE } from './style.ts'

export interface DocumentParts {
  /** As text: of the window. */
  readonly title: string
  readonly header: Markup
  readonly main: Markup
  readonly footer: Markup
  /** Rules beside STYLE. */
  readonly style?: string
}

/**
 * A page as one file that needs nothing else: no script, no request, no file beside it. Its content policy allows its one style sheet and inline
 * images, so that nothing a recipe says can run or load, even if it were not escaped.
 */
export function htmlDocument({ title, header, main, footer, style = '' }: DocumentParts): string {
  const sheet = `${STYLE}${style}`
  const hash = createHash('sha256').update(sheet).digest('base64')
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-${hash}'; img-src data:; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark"><meta name="referrer" content="no-referrer">
<title>${title}</title>
<style>${new Markup(sheet)}</style></head>
<body>${header}<main>
${main}
</main><footer>${footer}</footer></body></html>
`.text
}
