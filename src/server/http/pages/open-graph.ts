import { CARD_SIZE } from '../../../report/card.ts'
import { html } from '../../../report/html/markup.ts'
import { CARD } from '../../../report/run/write-views.ts'
import { SIGNS } from '../../../report/text/colors.ts'
import { cut, oneLine } from '../../../report/text/plain-text.ts'
import { levelName } from '../../../verdict/level.ts'
import type { RunRow } from '../../contract/store.ts'
import type { Html } from './layout.ts'

const LONGEST = 200

export interface Preview {
  /** What the page is about, as its heading says it. */
  readonly subject: string
  readonly row: Pick<RunRow, 'request' | 'state' | 'outcome'>
  /** Of the server, without a slash at its end. */
  readonly publicUrl: string
  /** Paths below the run's folder that can be looked at. */
  readonly files: readonly string[]
}

/** What forges and chats show of a link to a run: its verdict in words, and its card where there is one. */
export function openGraph({ subject, row, publicUrl, files }: Preview): Html {
  const { request, state, outcome } = row
  const url = `${publicUrl}/runs/${request.id}`
  const { verdict = null, level = null } = outcome ?? {}
  const reached = level === null ? '' : `, level ${level} (${levelName(level)})`
  const end = verdict === null ? state : `${SIGNS[verdict].sign} ${verdict}${reached}`
  const title = `${subject}: ${end}`
  const description = cut(oneLine(outcome?.message ?? 'The verdict is not known yet.'), LONGEST)
  const meta = (property: string, content: string | number) => html`<meta property="${property}" content="${content}">`
  const picture = files.includes(CARD)
    ? [
        meta('og:image', `${url}/files/${CARD}`),
        meta('og:image:type', 'image/png'),
        meta('og:image:width', CARD_SIZE.width),
        meta('og:image:height', CARD_SIZE.height),
        meta('og:image:alt', title),
        html`<meta name="twitter:card" content="summary_large_image">`,
      ]
    : []
  return html`${[meta('og:type', 'website'), meta('og:site_name', 'cc-ci'), meta('og:url', url), meta('og:title', title), meta('og:description', description), ...picture]}`
}
