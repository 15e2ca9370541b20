// cspell:ignore ghostty KONSOLE
import { hostname } from 'node:os'
import { pathToFileURL } from 'node:url'
import { wantsColor } from '../text/colors.ts'

/** What a view writes to; a terminal, a pipe or a file. */
export interface Screen {
  write(text: string): unknown
  readonly isTTY?: boolean
  readonly columns?: number
  readonly rows?: number
}

/** In fewer columns rows are laid out for a narrow terminal. */
export const NARROW = 72

type Env = Readonly<Record<string, string | undefined>>

/** How text for this screen is laid out. */
export interface Layout {
  readonly color: boolean
  /** Paths are links that open the file. */
  readonly links: boolean
  /** Columns; undefined: not a terminal, where nothing is cut or broken. */
  readonly width?: number
}

export function layoutFor(screen: Screen, env: Env = process.env): Layout {
  const tty = screen.isTTY === true
  const width = tty ? { width: screen.columns || 80 } : {}
  return { color: wantsColor(tty, env), links: wantsLinks(tty, env), ...width }
}

/** Whether lines may be drawn over: not in a log of a CI system, which may be a terminal to us. */
export function canRedraw(screen: Screen, env: Env = process.env): boolean {
  return screen.isTTY === true && env.TERM !== 'dumb' && !env.CI
}

/** `FORCE_HYPERLINK` wins; else only terminals that are known to draw OSC 8: others would show the sequence. */
export function wantsLinks(tty: boolean, env: Env = process.env): boolean {
  if (env.FORCE_HYPERLINK) return env.FORCE_HYPERLINK !== '0'
  if (!tty || env.TERM === 'dumb' || env.CI || env.TMUX || env.TERM?.startsWith('screen')) return false
  if (env.WT_SESSION || env.KONSOLE_VERSION) return true
  if (Number(env.VTE_VERSION ?? 0) >= 5000) return true
  if (['xterm-kitty', 'xterm-ghostty', 'alacritty', 'foot'].includes(env.TERM ?? '')) return true
  return ['iTerm.app', 'WezTerm', 'vscode', 'ghostty', 'rio'].includes(env.TERM_PROGRAM ?? '')
}

/** A path as a link that shows the path: it can be copied as well. With the name of the host, so that a terminal knows a file of another machine. */
export function fileLink(path: string, links: boolean): string {
  if (!links) return path
  const url = pathToFileURL(path)
  url.hostname = hostname()
  return `\u001b]8;;${url.href}\u001b\\${path}\u001b]8;;\u001b\\`
}
