import type { ComposeService } from '../model.ts'

// cspell:ignore arping fping hping nping oping tcpdump traceroute
/** Programs that send or read packets of their own making. Some images have a `ping` that can do without; nothing in a recipe tells. */
const PROGRAMS = ['ping', 'ping4', 'ping6', 'arping', 'fping', 'hping3', 'mtr', 'nping', 'oping', 'tcpdump']
/** What a shell begins a command after, and words that may stand before a program. Read in linear time: blanks are no beginnings. */
const BEGINS = String.raw`(?:^|[;&|({!\n\x60]|\b(?:if|then|else|elif|do|while|until|exec|timeout\s+\S+|time|nice|env)\s)[^\S\n]*`
const PROGRAM = new RegExp(String.raw`${BEGINS}(?:busybox\s+)?(?:/[\w./-]*/)?(${PROGRAMS.join('|')})(?=[\s;&|)]|$)`)

const KEYS = ['entrypoint', 'command'] as const

export interface RawSockets {
  /** Key of the service. */
  readonly key: string
  readonly program: string
}

/** The programs of a service, as its recipe names them, that need the capability NET_RAW; what an image runs of itself is not known. */
export function rawSockets(service: ComposeService): RawSockets[] {
  const requested = [
    ...KEYS.map((key) => ({ key: key as string, texts: textsOf(service[key]) })),
    { key: 'healthcheck', texts: textsOf(service.healthcheck?.test).slice(1) },
  ]
  return requested.flatMap(({ key, texts }) => {
    const program = programIn(texts)
    return program === null ? [] : [{ key, program }]
  })
}

/** A program with its arguments, or a shell with a script: an argument of another program (`redis-cli ping`) is no program. */
function programIn(texts: readonly string[]): string | null {
  const [first = '', ...rest] = texts
  const scripts =
    rest.length === 0 || /(?:^|\/)(?:ba|da|a|z|k)?sh$/.test(first)
      ? texts
      : [[first, ...wrapped(first, rest)].join(' ')]
  for (const script of scripts) {
    const [, program] = PROGRAM.exec(script) ?? []
    if (program !== undefined) return program
  }
  return null
}

/** The next words, where the first is one that runs what follows. */
function wrapped(first: string, rest: readonly string[]): readonly string[] {
  return /(?:^|\/)(?:busybox|exec|timeout|nice|env)$/.test(first) ? rest : []
}

function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  return Array.isArray(value) ? value.map(String) : []
}
