import { InvalidArgumentError } from 'commander'
import { DIMENSIONS, type Dimension } from '../../history/compare/dimensions.ts'
import { CcCiError, messageOf } from '../../lib/errors.ts'
import { isRunId } from '../../lib/ids.ts'
import { parseDuration } from '../../lib/text/duration.ts'
import { parseSize } from '../../lib/text/size.ts'
import { POLICY_CODES, type PolicyCode } from '../../verdict/policy-codes.ts'
import { isTierId, TIER_IDS, type TierId } from '../../verdict/tiers.ts'

// What an option takes, read from its text. Each throws InvalidArgumentError, with what is allowed.

export function names(text: string): string[] {
  return text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
}

export function dimensions(text: string): Dimension[] {
  return names(text).map((name) => {
    if (name in DIMENSIONS) return name as Dimension
    throw new InvalidArgumentError(`"${name}" is none of ${Object.keys(DIMENSIONS).join(', ')}`)
  })
}

export function tiers(text: string): TierId[] {
  const names = text.split(',').map((name) => name.trim())
  const unknown = names.filter((name) => !isTierId(name))
  if (unknown.length > 0)
    throw new InvalidArgumentError(`Unknown: ${unknown.join(', ')}. Tiers: ${TIER_IDS.join(', ')}.`)
  return names.filter(isTierId)
}

export function policyCodes(text: string): PolicyCode[] {
  const names = text.split(',').map((name) => name.trim())
  const unknown = names.filter((name) => !POLICY_CODES.some((code) => code === name))
  if (unknown.length > 0)
    throw new InvalidArgumentError(`Unknown: ${unknown.join(', ')}. Codes: ${POLICY_CODES.join(', ')}.`)
  return POLICY_CODES.filter((code) => names.includes(code))
}

export function count(text: string): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('Not a whole number from 1 on.')
  return value
}

/** Bytes of `4G`, `512M`; more than none. */
export function memory(text: string): number {
  try {
    const bytes = parseSize(text)
    if (bytes > 0) return bytes
  } catch (error) {
    throw error instanceof CcCiError ? new InvalidArgumentError(error.describe()) : error
  }
  throw new InvalidArgumentError('Write it like 4G or 512M.')
}

export function runId(text: string): string {
  if (!isRunId(text)) throw new InvalidArgumentError('Not a run id like 20261123-191254-k3f9qa.')
  return text
}

/** A regular expression, as its text. */
export function pattern(text: string): string {
  try {
    new RegExp(text)
    return text
  } catch (error) {
    throw new InvalidArgumentError(`Not a regular expression: ${messageOf(error)}.`)
  }
}

export function duration(text: string): number {
  try {
    return parseDuration(text)
  } catch (error) {
    throw error instanceof CcCiError ? new InvalidArgumentError(error.describe()) : error
  }
}
