// cspell:ignore kmsg
import { closeSync, constants, openSync, readSync } from 'node:fs'
import { uptime } from 'node:os'

/** One record at a time; longer ones are cut by the kernel. */
const RECORD_BYTES = 8192
const MOST_RECORDS = 100_000

export interface KernelRecord {
  /** Epoch ms. */
  readonly at: number
  readonly text: string
}

/** What the kernel of this machine remembers since then (epoch ms). Empty where its log may not be read. */
export function kernelRecords(since: number): KernelRecord[] {
  return recordsIn(kernelLog(), Date.now() - uptime() * 1000).filter(({ at }) => at >= since)
}

/** Lines of /dev/kmsg: `priority,number,microseconds since boot,flags;text`. `booted`: epoch ms. */
export function recordsIn(log: string, booted: number): KernelRecord[] {
  return log.split('\n').flatMap((line) => {
    const [, us, text] = /^\d+,\d+,(\d+),[^;]*;(.*)$/.exec(line) ?? []
    return us === undefined || text === undefined ? [] : [{ at: booted + Number(us) / 1000, text }]
  })
}

function kernelLog(): string {
  const records: string[] = []
  let file: number | null = null
  try {
    file = openSync('/dev/kmsg', constants.O_RDONLY | constants.O_NONBLOCK)
    const buffer = Buffer.alloc(RECORD_BYTES)
    while (records.length < MOST_RECORDS) {
      const record = readRecord(file, buffer)
      if (record === null) break
      records.push(record)
    }
  } catch {
    // Only root may read it, and in a container often nobody.
  } finally {
    if (file !== null) closeSync(file)
  }
  return records.join('\n')
}

/** Null at the end. What was overwritten while it was read is an error that says so, and the next record is there. */
function readRecord(file: number, buffer: Buffer): string | null {
  try {
    const bytes = readSync(file, buffer)
    return bytes === 0 ? null : (buffer.toString('utf8', 0, bytes).split('\n')[0] ?? '')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EPIPE') return ''
    return null
  }
}
