import type { Evidence } from '../../verdict/evidence.ts'
import type { Results } from '../../verdict/results.ts'
import { differenceInWords } from './difference-in-words.ts'
import { section } from './facts.ts'
import { html, type Markup } from './markup.ts'

export interface Picture {
  readonly name: string
  /** Relative to the run folder, as evidence names it. */
  readonly path?: string
  /** A `data:` URI of PNG, JPEG or WebP, or the address of a PNG of a run on this server; null: left out, because all together would be too large. */
  readonly src: string | null
}

const IMAGE_SOURCE =
  /^(?:data:image\/(?:png|jpeg|webp);base64,[A-Za-z0-9+/]+={0,2}|\/runs\/[\w-]+\/files\/[\w.%/-]+\.png)$/

/** Before, after and difference side by side where pictures were compared, then all other pictures. A click shows one in full size. */
export function screens(results: Results, pictures: readonly Picture[]): Markup {
  const numbered = pictures.map((picture, index) => ({ ...picture, id: `picture-${index + 1}` }))
  const compared = results.tiers
    .flatMap(({ evidence }) => evidence)
    .filter((piece): piece is Compared => piece.kind === 'visual-difference')
    .map((piece) => ({ piece, parts: partsOf(piece, numbered) }))
    .filter(({ parts }) => parts.length > 0)
  const used = new Set(compared.flatMap(({ parts }) => parts.map(({ picture }) => picture)))
  const others = numbered.filter((picture) => !used.has(picture))
  return section(
    'Screenshots',
    pictures.length,
    html`<div id="screenshots">${compared.map(({ piece, parts }) => sideBySide(results, piece, parts))}
<div class="shots">${others.map((picture) => figure(picture, picture.name))}</div></div>`,
  )
}

type Compared = Extract<Evidence, { kind: 'visual-difference' }>
type Numbered = Picture & { readonly id: string }

function partsOf({ before, after, difference }: Compared, pictures: readonly Numbered[]) {
  const parts = { before, after, difference }
  return Object.entries(parts).flatMap(([what, path]) => {
    const picture = path === null ? undefined : pictures.find((one) => one.path === path)
    return picture ? [{ what, picture }] : []
  })
}

function sideBySide(
  { base, recipe }: Results,
  piece: Compared,
  parts: readonly { readonly what: string; readonly picture: Numbered }[],
): Markup {
  const captions: Readonly<Record<string, string>> = {
    before: `before the upgrade: ${base?.version ?? 'the base'}`,
    after: `after it: ${recipe.version ?? 'head'} at ${recipe.commit.slice(0, 8)}`,
    difference: 'what differs',
  }
  const figures = parts.map(({ what, picture }) => figure(picture, captions[what] ?? what))
  const legend =
    piece.difference === null
      ? ''
      : html` <span class="dim">Red is what changed${piece.volatileShare > 0 ? ', blue what changes by itself' : ''}.</span>`
  const whose = piece.before.endsWith('-own.png') ? "The recipe's own picture: " : ''
  return html`<p>${whose}${differenceInWords(piece)}${legend}</p><div class="shots row">${figures}</div>`
}

function figure({ id, name, path, src }: Numbered, caption: string): Markup {
  if (src === null) return html`<p>${name} is left out to keep this page small: <code>${path}</code></p>`
  if (!IMAGE_SOURCE.test(src)) return html`<p>${name} is no picture that can be shown.</p>`
  return html`<figure id="${id}"><a href="#${id}"><img src="${src}" alt="Screenshot: ${caption}" loading="lazy"></a><figcaption>${caption} <a class="close" href="#screenshots">back to the report</a></figcaption></figure>`
}
