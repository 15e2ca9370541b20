import { existsSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type AttributionRecord, readAttribution } from '../../history/attribution/record.ts'

/** Its name in the folder of the run that asked why. */
export const ATTRIBUTION = 'attribution.json'
const MOST_BYTES = 8 * 1024 ** 2

/** What an attribution found, as its run folder keeps it; null: there is none, or none that this version reads. A folder may come from another machine. */
export function readRunAttribution(dir: string): AttributionRecord | null {
  const record = join(dir, ATTRIBUTION)
  if (!existsSync(record) || statSync(record).size > MOST_BYTES) return null
  try {
    return readAttribution({ record })
  } catch {
    return null
  }
}
