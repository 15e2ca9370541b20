import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { z } from 'zod'
import type { Clock } from '../../lib/async/clock.ts'
import { runFolder } from '../../lifecycle/run-folder.ts'
import { TIER_IDS, type TierId } from '../../verdict/tiers.ts'
import type { RunRow } from '../contract/store.ts'

/** The least time between two updates of one run, in ms: tiers that take less are not shown. */
const UPDATE_MS = 10_000
const PIECE_BYTES = 1024 ** 2
/** A line of more bytes is no event of a run. */
const LINE_BYTES = 4 * PIECE_BYTES

/** The tier that is running. */
export interface Progress {
  readonly tier: TierId
  /** Its place among the selected tiers, from 1, and their number; null: it is none of them. */
  readonly place: { readonly at: number; readonly of: number } | null
  /** From the run's start to the tier's, in ms. */
  readonly afterMs: number
}

interface Followed {
  offset: number
  rest: string
  startedAt: number
  selected: readonly TierId[]
  latest: Progress | null
  published: Progress | null
  publishedAt: number
}

const tier = z.enum(TIER_IDS)
const time = z.iso.datetime().transform((at) => Date.parse(at))
const line = z.discriminatedUnion('type', [
  z.object({ type: z.literal('run.started'), at: time, selected: z.array(tier) }),
  z.object({ type: z.literal('tier.started'), at: time, tier }),
])

/** Progress of running runs, read from the events in their folders. What is published changes at a limited rate. */
export class ProgressWatch {
  readonly #state: string
  readonly #clock: Pick<Clock, 'now'>
  readonly #followed = new Map<string, Followed>()

  constructor(state: string, clock: Pick<Clock, 'now'>) {
    this.#state = state
    this.#clock = clock
  }

  /** The progress of a running run to publish: the same until `changed` reports the run. */
  async published({ folder }: RunRow): Promise<Progress | null> {
    const known = this.#followed.get(folder)
    if (known) return known.published
    const one = this.#follow(folder)
    await this.#read(folder, one)
    one.published = one.latest
    return one.published
  }

  /** Those of `running` with new progress to publish. Forgets all other runs. */
  async changed(running: readonly RunRow[]): Promise<readonly RunRow[]> {
    const folders = new Set(running.map(({ folder }) => folder))
    for (const folder of this.#followed.keys()) if (!folders.has(folder)) this.#followed.delete(folder)
    const changed: RunRow[] = []
    for (const row of running) if (await this.#hasChanged(row.folder)) changed.push(row)
    return changed
  }

  async #hasChanged(folder: string): Promise<boolean> {
    const one = this.#followed.get(folder) ?? this.#follow(folder)
    await this.#read(folder, one)
    const now = this.#clock.now()
    if (one.latest === null || one.latest.tier === one.published?.tier || Math.abs(now - one.publishedAt) < UPDATE_MS)
      return false
    one.published = one.latest
    one.publishedAt = now
    return true
  }

  #follow(folder: string): Followed {
    const one: Followed = {
      offset: 0,
      rest: '',
      startedAt: 0,
      selected: [],
      latest: null,
      published: null,
      publishedAt: this.#clock.now(),
    }
    this.#followed.set(folder, one)
    return one
  }

  /** Reads what was appended since. A file that cannot be read changes nothing. */
  async #read(folder: string, one: Followed): Promise<void> {
    try {
      await using file = await open(runFolder(this.#state, folder).events, constants.O_RDONLY | constants.O_NOFOLLOW)
      for (;;) {
        const from = one.offset
        const { bytesRead, buffer } = await file.read(Buffer.alloc(PIECE_BYTES), 0, PIECE_BYTES, from)
        if (bytesRead === 0 || one.offset !== from) return
        one.offset += bytesRead
        const lines = `${one.rest}${buffer.toString('latin1', 0, bytesRead)}`.split('\n')
        one.rest = (lines.pop() ?? '').slice(0, LINE_BYTES)
        for (const text of lines) note(one, text)
      }
    } catch (error) {
      if (!(error instanceof Error && 'code' in error)) throw error
    }
  }
}

/** Only names and times are read from a line, and those are plain ASCII. */
function note(one: Followed, text: string): void {
  if (!/^\{"seq":\d+,"at":"[^"]*","type":"(run|tier)\.started"/.test(text)) return
  const parsed = line.safeParse(jsonOf(text))
  if (!parsed.success) return
  if (parsed.data.type === 'run.started') {
    one.startedAt = parsed.data.at
    one.selected = parsed.data.selected
    return
  }
  const { tier: id, at } = parsed.data
  const index = one.selected.indexOf(id)
  const place = index === -1 ? null : { at: index + 1, of: one.selected.length }
  one.latest = { tier: id, place, afterMs: Math.max(0, at - one.startedAt) }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
