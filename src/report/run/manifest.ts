import type { Customization } from '../../verdict/events.ts'
import { oneLine } from '../text/plain-text.ts'

export interface ManifestRow {
  /** `setting`, `hook`, `overlay`, `test`, `env`, `dependency`, `code` or `refused`. */
  readonly what: string
  readonly value: string
  /** Place of a setting; empty for the rest. */
  readonly where: string
}

/** Everything that makes a run different from one with nothing added, row by row; empty when nothing was added. */
export function manifestRows(customization: Customization): ManifestRow[] {
  const { config, hooks, overlays, tests, envOverrides, refused, sources = {}, deps = [], approval } = customization
  const rows = (what: string, values: readonly string[]) => values.map((value) => ({ what, value, where: '' }))
  return [
    ...Object.entries(config).map(([name, value]) => ({
      what: 'setting',
      value: `${name} = ${typeof value === 'string' ? value : JSON.stringify(value)}`,
      where: sources[name] ?? '',
    })),
    ...rows('dependency', deps),
    ...rows('hook', hooks),
    ...rows('overlay', overlays),
    ...rows('test', tests),
    ...rows('env', envOverrides),
    ...rows('code', approval === undefined ? [] : [approval]),
    ...rows('refused', refused),
  ]
}

/** The manifest as a block of lines: the same in `cc-ci plan`, before a run, and wherever else text is shown. */
export function manifestLines(customization: Customization): string[] {
  return manifestRows(customization).map(({ what, value, where }) => {
    const text = `${what.padEnd(11)}${oneLine(value)}`
    return where === '' ? text : `${text}  (${oneLine(where)})`
  })
}
