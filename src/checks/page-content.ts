import type { Page } from 'playwright-core'
import { MARKS, type PageFacts } from './page-signs.ts'

/** What a person could see of a page at one moment. */
export interface PageContent extends PageFacts {
  readonly elements: number
  /** Of the document itself, unpacked. */
  readonly bytes: number
  /** Pictures, drawings, frames and form fields that have a size and are not hidden. */
  readonly visible: number
  /** More than 0: the page may still draw itself, without asking for anything. */
  readonly scripts: number
}

export const NO_CONTENT: PageContent = {
  title: '',
  headings: [],
  text: '',
  marks: [],
  elements: 0,
  bytes: 0,
  visible: 0,
  scripts: 0,
}

export function isBlank({ text, visible }: PageContent): boolean {
  return text === '' && visible === 0
}

/** One look. A page that is just being replaced by another counts as blank for this moment. */
export async function readPage(page: Page): Promise<PageContent> {
  try {
    return await page.evaluate<PageContent>(LOOK)
  } catch (error) {
    if (page.isClosed() || !/context was destroyed|navigat/i.test(String(error))) throw error
    return NO_CONTENT
  }
}

/** Runs in the page; text, so that no build step can change it. `text` is what is rendered, at most 100,000 characters. */
const LOOK = `(() => {
  const shown = (element) => {
    const box = element.getBoundingClientRect()
    return box.width > 1 && box.height > 1 && element.checkVisibility({ opacityProperty: true, visibilityProperty: true })
  }
  const media = [...document.querySelectorAll('img, svg, canvas, video, iframe, object, input, textarea, select, button')]
  const headings = [...document.querySelectorAll('h1, h2')].slice(0, 50).filter(shown).slice(0, 3)
  return {
    title: document.title.slice(0, 1000),
    headings: headings.map((heading) => heading.innerText.replace(/\\s+/g, ' ').trim().slice(0, 500)),
    text: (document.body?.innerText ?? '').trim().slice(0, 100000),
    marks: ${JSON.stringify(MARKS)}.filter((mark) => document.querySelector(mark)),
    elements: document.querySelectorAll('body *').length,
    bytes: performance.getEntriesByType('navigation')[0]?.decodedBodySize ?? 0,
    scripts: document.scripts.length,
    visible: media.slice(0, 2000).filter(shown).length,
  }
})()`
