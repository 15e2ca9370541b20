// cspell:ignore aekovxy bdghnpqu
import { html } from './html/markup.ts'
import { SIGN_PATHS } from './sign-paths.ts'

/** What a badge can say. `none`: nothing was judged yet; `unknown`: the server does not know the repository. */
type BadgeKind = 'pass' | 'fail' | 'unverified' | 'none' | 'unknown'

export interface Badge {
  readonly kind: BadgeKind
  /** Null where nothing was judged. */
  readonly level: number | null
  /** It passed on a second attempt only. */
  readonly flaky: boolean
  /** The whole of it in words, for readers that see no picture. */
  readonly title: string
}

const LABEL = 'cc-ci'
const HEIGHT = 20
const PAD = 6
const ICON = 12

/** White on each has a contrast of at least 4.5:1. A pass below the level at which tests passed is quieter than one above. */
const COLORS = {
  high: '#1a7f37',
  low: '#55700f',
  fail: '#b3202d',
  unverified: '#8a5a00',
  none: '#59636e',
  label: '#33393f',
} as const
const HIGH_LEVEL = 4

/** A small picture of a verdict for a README: SVG without script, style, link or font file. */
export function badgeSvg({ kind, level, flaky, title }: Badge): string {
  const message = messageOf({ kind, level, flaky })
  const [label, said] = [textWidth(LABEL), textWidth(message)]
  const left = label + 2 * PAD
  const width = left + PAD + ICON + 3 + said + PAD
  const color = colorOf(kind, level)
  const text = (x: number, length: number, words: string) =>
    html`<text x="${x}" y="14" textLength="${length}" lengthAdjust="spacingAndGlyphs">${words}</text>`
  return html`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${HEIGHT}" viewBox="0 0 ${width} ${HEIGHT}" role="img" aria-label="${title}">
<title>${title}</title>
<clipPath id="round"><rect width="${width}" height="${HEIGHT}" rx="4"/></clipPath>
<g clip-path="url(#round)"><rect width="${left}" height="${HEIGHT}" fill="${COLORS.label}"/><rect x="${left}" width="${width - left}" height="${HEIGHT}" fill="${color}"/></g>
<path transform="translate(${left + PAD} 4)" d="${signOf(kind)}" fill="none" stroke="#fff" stroke-width="1.8" stroke-linecap="round" stroke-linejoin="round"/>
<g fill="#fff" font-family="Verdana,'DejaVu Sans',Geneva,sans-serif" font-size="11" text-rendering="geometricPrecision">${text(PAD, label, LABEL)}${text(left + PAD + ICON + 3, said, message)}</g>
</svg>
`.text
}

function signOf(kind: BadgeKind): string {
  return SIGN_PATHS[kind === 'none' || kind === 'unknown' ? 'skip' : kind]
}

function messageOf({ kind, level, flaky }: Omit<Badge, 'title'>): string {
  if (kind === 'none') return 'not judged yet'
  if (kind === 'unknown') return 'not enrolled'
  return [kind, level === null ? '' : `level ${level}`, flaky ? 'flaky' : ''].filter((part) => part !== '').join(', ')
}

function colorOf(kind: BadgeKind, level: number | null): string {
  if (kind === 'pass') return (level ?? 0) >= HIGH_LEVEL ? COLORS.high : COLORS.low
  return COLORS[kind === 'unknown' ? 'none' : kind]
}

/** Pixels of each character at 11 px, as Verdana has them; `textLength` fits what another font makes of it. */
const WIDTHS: readonly (readonly [characters: string, width: number])[] = [
  ['il', 3],
  ['j fr', 3.9],
  ['t,', 4.2],
  ['-', 5],
  ['csz', 5.7],
  ['aekovxy', 6.6],
  ['bdghnpqu', 6.9],
  ['w', 9],
  ['m', 10.7],
]
/** Of a digit, and of what is not in the table. */
const OTHER_WIDTH = 7

function textWidth(text: string): number {
  const widthOf = (character: string) =>
    WIDTHS.find(([characters]) => characters.includes(character))?.[1] ?? OTHER_WIDTH
  return Math.round([...text].reduce((sum, character) => sum + widthOf(character), 0))
}
