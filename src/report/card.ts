import { createHash } from 'node:crypto'
import { formatDuration } from '../lib/text/duration.ts'
import { mostDecisiveFirst } from '../verdict/decisive.ts'
import { upgradePath } from '../verdict/events.ts'
import { levelName } from '../verdict/level.ts'
import type { Results, TierResult, TierStatus } from '../verdict/results.ts'
import { flakyText } from './flakes/flaky.ts'
import { html, Markup } from './html/markup.ts'
import { partText } from './run/partial-run.ts'
import { SIGN_PATHS } from './sign-paths.ts'
import { cut, oneLine } from './text/plain-text.ts'

/** What sites and forges show of a link, in pixels. */
export const CARD_SIZE = { width: 1200, height: 630 } as const

/** A picture of the app: a PNG as a `data:` URI, and the tier after which it was taken. */
interface CardPicture {
  readonly uri: string
  readonly tier: string
}

const LONGEST_NAME = 60
const LONGEST_MESSAGE = 220
const PNG_URI = /^data:image\/png;base64,[A-Za-z0-9+/]+={0,2}$/

/**
 * The result of a run as a page that is pictured: one page without script, request or file. Text of recipes is escaped, cut, and isolated, so that letters of another direction move nothing around them.
 */
export function cardPage(results: Results, picture: CardPicture | null): string {
  const { recipe, base, verdict, level, run } = results
  const shown = picture !== null && PNG_URI.test(picture.uri) ? picture : null
  const hash = createHash('sha256').update(STYLE).digest('base64')
  const version = recipe.version === null ? 'no version' : text(recipe.version, LONGEST_NAME)
  const from = base ? html` <span class="dim">upgraded from ${text(upgradePath(base), LONGEST_NAME)}</span>` : ''
  const took = formatDuration(Math.max(0, Date.parse(run.finishedAt) - Date.parse(run.startedAt)))
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-${hash}'; img-src data:">
<title>cc-ci</title><style>${new Markup(STYLE)}</style></head>
<body class="${verdict}${shown ? '' : ' alone'}"><main>
<h1>${text(recipe.name, LONGEST_NAME)}</h1>
<p class="version">${version}${from}</p>
<p class="verdict">${sign(verdict)} <strong>${verdict}</strong> <span>level ${level}${level > 0 ? html`<small>${levelName(level)}</small>` : ''}</span></p>
${why(results)}
<ul>${results.tiers.filter(({ skipKind }) => skipKind !== 'not-selected').map(tier)}</ul>
<footer><b>cc-ci</b> ${recipe.commit.slice(0, 10)}${recipe.dirty ? ' with changes' : ''} · ${run.finishedAt.slice(0, 10)} · ${took}</footer>
</main>${shown ? html`<aside><img src="${shown.uri}" alt=""><p>after ${shown.tier}</p></aside>` : ''}</body></html>
`.text
}

function text(value: string, most: number): Markup {
  return html`<bdi>${cut(oneLine(value), most)}</bdi>`
}

function tier({ id, status }: TierResult): Markup {
  return html`<li class="${status}">${sign(status)} ${id}</li>`
}

function sign(status: TierStatus): Markup {
  return html`<svg viewBox="0 0 12 12" aria-hidden="true"><path d="${SIGN_PATHS[status]}"/></svg>`
}

/** What decided, or what a pass does not say; nothing for a plain pass. */
function why(results: Results): Markup {
  const { tiers, verdict } = results
  const [decisive] = mostDecisiveFirst(tiers, verdict)
  if (verdict !== 'pass' && decisive) {
    const { id, cause } = decisive
    return html`<p class="why"><b>${id}: ${cause.code}</b> ${text(cause.message, LONGEST_MESSAGE)}</p>`
  }
  const said = flakyText(results) || partText(results)
  return said === '' ? html`` : html`<p class="why">${text(said, LONGEST_MESSAGE)}</p>`
}

const STYLE = `
* { box-sizing: border-box; margin: 0; padding: 0; }
body { --tone: #8a5a00; --soft: #fff4d6; width: ${CARD_SIZE.width}px; height: ${CARD_SIZE.height}px; overflow: hidden; display: flex; background: #fff; color: #1c2128;
  font: 24px/1.35 "Liberation Sans", Arial, "DejaVu Sans", sans-serif; padding-top: 14px; position: relative; }
body::after { content: ""; position: absolute; inset: 0; border: 2px solid #d5dae0; } body::before { content: ""; position: absolute; inset: 0 0 auto; height: 14px; background: var(--tone); z-index: 1; }
.pass { --tone: #116329; --soft: #dcf5e3; } .fail { --tone: #a40e26; --soft: #ffe3e6; } .unverified { --tone: #7a4b00; --soft: #fff0cc; } .skip { --tone: #59636e; --soft: #eef0f3; }
main { flex: 0 0 600px; padding: 34px 40px 30px 48px; display: flex; flex-direction: column; min-width: 0; height: 100%; }
.alone main { flex-basis: 100%; padding-right: 48px; }
h1 { font-size: 52px; line-height: 1.15; max-height: 2.3em; overflow: hidden; overflow-wrap: anywhere; }
.version { margin-top: 8px; max-height: 2.7em; overflow: hidden; overflow-wrap: anywhere; } .dim, footer, small { color: #59636e; }
.verdict { display: flex; align-items: center; gap: 16px; margin-top: 24px; padding: 14px 22px; background: var(--soft); color: var(--tone); border-radius: 12px; white-space: nowrap; }
.verdict strong { font-size: 48px; line-height: 1; } .verdict span { margin-left: auto; font-size: 30px; line-height: 1.1; text-align: right; font-weight: bold; }
.verdict small { display: block; font-size: 20px; font-weight: normal; color: inherit; }
svg { width: 1em; height: 1em; flex: none; fill: none; stroke: currentColor; stroke-width: 1.8; stroke-linecap: round; stroke-linejoin: round; vertical-align: -.12em; }
.verdict svg { font-size: 46px; }
.why { margin-top: 18px; font-size: 22px; display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 4; overflow: hidden; overflow-wrap: anywhere; }
.why b { color: var(--tone); }
ul { list-style: none; display: flex; flex-wrap: wrap; gap: 8px; margin-top: auto; padding-top: 14px; }
li { font-size: 19px; line-height: 1; padding: 7px 11px; border-radius: 8px; background: var(--soft); color: var(--tone); white-space: nowrap; }
footer { margin-top: 18px; font-size: 19px; white-space: nowrap; } footer b { color: #1c2128; }
aside { flex: 1; min-width: 0; background: #eef0f3; border-left: 2px solid #d5dae0; display: flex; flex-direction: column; justify-content: center; padding: 0 36px; overflow: hidden; }
aside img { width: 100%; max-height: 520px; object-fit: cover; object-position: top; border: 2px solid #d5dae0; border-radius: 12px; background: #fff; flex: none; }
aside p { margin-top: 12px; font-size: 19px; color: #59636e; text-align: center; }
`
