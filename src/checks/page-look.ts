import type { Page } from 'playwright-core'

/** What a person could see of a page at one moment. */
export interface PageLook {
  readonly title: string
  /** Text that is rendered, at most 100,000 characters. */
  readonly text: string
  readonly elements: number
  /** Pictures, drawings, frames and form fields that have a size and are not hidden. */
  readonly visible: number
  /** More than 0: the page may still draw itself, without asking for anything. */
  readonly scripts: number
}

export function isBlank({ text, visible }: PageLook): boolean {
  return text === '' && visible === 0
}

/** One look. A page that is just being replaced by another counts as blank for this moment. */
export async function lookAtPage(page: Page): Promise<PageLook> {
  try {
    return await page.evaluate<PageLook>(LOOK)
  } catch (error) {
    if (page.isClosed() || !/context was destroyed|navigat/i.test(String(error))) throw error
    return { title: '', text: '', elements: 0, visible: 0, scripts: 0 }
  }
}

/** Runs in the page; text, so that no build step can change it. */
const LOOK = `(() => {
  const shown = (element) => {
    const box = element.getBoundingClientRect()
    return box.width > 1 && box.height > 1 && element.checkVisibility({ opacityProperty: true, visibilityProperty: true })
  }
  const media = [...document.querySelectorAll('img, svg, canvas, video, iframe, object, input, textarea, select, button')]
  return {
    title: document.title,
    text: (document.body?.innerText ?? '').trim().slice(0, 100000),
    elements: document.querySelectorAll('body *').length,
    scripts: document.scripts.length,
    visible: media.slice(0, 2000).filter(shown).length,
  }
})()`
