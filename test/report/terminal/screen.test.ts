import { describe, expect, it } from 'vitest'
import { canRedraw, layoutFor, wantsLinks } from '../../../src/report/terminal/screen.ts'

describe('canRedraw', () => {
  it.each([
    [true, {}, true],
    [false, {}, false],
    [undefined, {}, false],
    [true, { TERM: 'dumb' }, false],
    [true, { CI: 'true' }, false],
    [true, { NO_COLOR: '1' }, true],
  ])('terminal %s with %j: %s', (isTTY, env, expected) => {
    expect(canRedraw({ write: () => true, ...(isTTY === undefined ? {} : { isTTY }) }, env)).toBe(expected)
  })
})

describe('wantsLinks', () => {
  it.each([
    [true, {}, false],
    [true, { TERM_PROGRAM: 'iTerm.app' }, true],
    [true, { VTE_VERSION: '7200' }, true],
    [true, { VTE_VERSION: '4500' }, false],
    [true, { TERM: 'xterm-kitty' }, true],
    [true, { TERM: 'xterm-kitty', TMUX: '/tmp/x' }, false],
    [true, { TERM: 'xterm-kitty', CI: '1' }, false],
    [false, { VTE_VERSION: '7200' }, false],
    [false, { FORCE_HYPERLINK: '1' }, true],
    [true, { FORCE_HYPERLINK: '0', VTE_VERSION: '7200' }, false],
  ])('terminal %s with %j: %s', (tty, env, expected) => {
    expect(wantsLinks(tty, env)).toBe(expected)
  })
})

describe('layoutFor', () => {
  it('has a width on a terminal only', () => {
    const write = () => true
    expect(layoutFor({ write, isTTY: true, columns: 40 }, {}).width).toBe(40)
    expect(layoutFor({ write, isTTY: true }, {}).width).toBe(80)
    expect(layoutFor({ write, columns: 40 }, {}).width).toBeUndefined()
  })
})
