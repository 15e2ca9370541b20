import { type Logger, pino } from 'pino'
import { z } from 'zod'

const lineShape = z.looseObject({ time: z.number(), level: z.number(), msg: z.string().default('') })

/** A log of plain lines for a person: time, what, and the facts. */
export function workerLog(stream: { write(line: string): unknown }): Logger {
  return pino({ base: null }, { write: (line: string) => void stream.write(plainLine(line)) })
}

function plainLine(line: string): string {
  const { time, level, msg, ...facts } = lineShape.parse(JSON.parse(line))
  const mark = level >= 50 ? '!! ' : level >= 40 ? '! ' : ''
  const said = Object.entries(facts).map(
    ([key, value]) => `${key}=${typeof value === 'string' ? value : wordsOf(value)}`,
  )
  return `${[new Date(time).toISOString(), `${mark}${msg}`, ...said].join(' ')}\n`
}

function wordsOf(value: unknown): string {
  const message = typeof value === 'object' && value !== null && 'message' in value ? value.message : undefined
  return typeof message === 'string' ? message : JSON.stringify(value)
}
