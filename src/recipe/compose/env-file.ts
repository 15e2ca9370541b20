import type { DataMap } from './source.ts'

/** The lines of an `env_file:` as the docker CLI reads them: verbatim values, `#` comments, a name alone has no value. */
export function parseEnvFile(text: string): DataMap {
  const pairs = text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .flatMap((line) => {
      const body = line.trimStart()
      if (body === '' || body.startsWith('#')) return []
      const at = body.indexOf('=')
      return [at === -1 ? [body, null] : [body.slice(0, at), body.slice(at + 1)]] as [string, string | null][]
    })
  return Object.fromEntries(pairs)
}
