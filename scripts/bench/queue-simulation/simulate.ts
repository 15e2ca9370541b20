import { InternalError } from '../../../src/lib/errors.ts'
import type { WorkerRoom } from '../../../src/server/runs/scheduler.ts'
import type { Queue } from './queues.ts'
import type { Absence, Asked, Machine, Served, World } from './world.ts'

export interface Simulated {
  readonly served: readonly Served[]
  /** In the order in which they were given out: run, worker, when. */
  readonly given: readonly { readonly id: string; readonly worker: string; readonly at: number }[]
  /** Memory that runs held, in byte milliseconds, by machine. */
  readonly heldByteMs: ReadonlyMap<string, number>
  readonly endedAt: number
}

interface Place {
  readonly machine: Machine
  here: boolean
  readonly running: Map<string, { readonly asked: Asked; readonly since: number }>
}

interface Happening {
  readonly at: number
  readonly act: () => Promise<void> | void
}

/** Lives through what is asked until nothing waits and nothing runs. Time is that of the events; nothing waits for real. */
export async function simulate({ machines, asked, absences, leaseMs }: World, queue: Queue): Promise<Simulated> {
  const agenda = new Agenda()
  const places = machines.map((machine): Place => ({ machine, here: true, running: new Map() }))
  /** Those that have waited longest are asked first. */
  const turn = [...places]
  const open = new Map<string, { readonly asked: Asked; begunAt: number | null; attempts: number }>()
  const served: Served[] = []
  const given: { id: string; worker: string; at: number }[] = []
  const held = new Map(machines.map(({ name }) => [name, 0]))
  let now = 0

  const end = (id: string, how: Served['end']) => {
    const one = open.get(id)
    if (!one) throw new InternalError('simulation-wrong', `${id} ended twice, or was never asked for`)
    open.delete(id)
    served.push({ ...one, end: how, endedAt: now })
  }
  const leave = (place: Place, id: string) => {
    const run = place.running.get(id)
    if (!run) return false
    place.running.delete(id)
    const { name } = place.machine
    held.set(name, (held.get(name) ?? 0) + run.asked.memory * (now - run.since))
    return true
  }
  const roomOf = ({ machine, running }: Place): WorkerRoom => {
    const used = [...running.values()].reduce((sum, { asked: { memory } }) => sum + memory, 0)
    return { worker: machine.name, memoryBytes: machine.memory, freeBytes: Math.max(0, machine.memory - used) }
  }

  const begin = (place: Place, id: string) => {
    const one = open.get(id)
    if (!one) throw new InternalError('simulation-wrong', `${id} was given out after its end`)
    one.begunAt ??= now
    one.attempts += 1
    place.running.set(id, { asked: one.asked, since: now })
    given.push({ id, worker: place.machine.name, at: now })
    const attempt = one.attempts
    agenda.add(now + one.asked.durationMs, async () => {
      if (open.get(id)?.attempts !== attempt || !leave(place, id)) return
      await queue.finish(id, now)
      end(id, 'done')
    })
  }

  /** Each worker that is here and has room asks until nobody gets anything. */
  const giveOut = async () => {
    const full = new Set<Place>()
    for (;;) {
      const place = turn.find((one) => one.here && !full.has(one) && roomOf(one).freeBytes > 0)
      if (!place || queue.waiting === 0) return
      const rooms = (here: boolean) => places.filter((one) => one !== place && one.here === here).map(roomOf)
      const id = await queue.claim(roomOf(place), now, { others: rooms(true), away: rooms(false) })
      if (id === null) full.add(place)
      else begin(place, id)
      turn.push(...turn.splice(turn.indexOf(place), 1))
    }
  }

  const goAway = ({ worker, kind, until }: Absence) => {
    const place = places.find(({ machine }) => machine.name === worker)
    if (!place) throw new InternalError('simulation-wrong', `no machine ${worker}`)
    place.here = false
    agenda.add(until, () => {
      place.here = true
    })
    if (kind === 'drained') return
    const lost = [...place.running.keys()]
    for (const id of lost) leave(place, id)
    agenda.add(now + leaseMs, async () => {
      for (const id of lost) if (!(await queue.lose(id, now))) end(id, 'error')
    })
  }

  for (const one of asked) {
    agenda.add(one.at, async () => {
      open.set(one.id, { asked: one, begunAt: null, attempts: 0 })
      for (const id of await queue.add(one)) end(id, 'superseded')
    })
  }
  for (const absence of absences) agenda.add(absence.from, () => goAway(absence))

  for (let next = agenda.next(); next; next = agenda.next()) {
    now = next.at
    await next.act()
    while (agenda.nextAt() === now) await agenda.next()?.act()
    await giveOut()
  }
  if (open.size > 0)
    throw new InternalError(
      'simulation-wrong',
      `${open.size} runs wait for ever: ${[...open.keys()].slice(0, 5).join(', ')}`,
    )
  return { served, given, heldByteMs: held, endedAt: now }
}

/** What happens when; at the same time in the order in which it was added. A binary heap. */
class Agenda {
  readonly #heap: (Happening & { readonly order: number })[] = []
  #order = 0

  add(at: number, act: Happening['act']): void {
    const heap = this.#heap
    heap.push({ at, act, order: this.#order++ })
    for (let child = heap.length - 1; child > 0; ) {
      const parent = (child - 1) >> 1
      if (!this.#before(child, parent)) return
      this.#swap(child, parent)
      child = parent
    }
  }

  nextAt(): number | null {
    return this.#heap[0]?.at ?? null
  }

  next(): Happening | null {
    const heap = this.#heap
    this.#swap(0, heap.length - 1)
    const next = heap.pop()
    for (let parent = 0; ; ) {
      const least = [2 * parent + 1, 2 * parent + 2].reduce(
        (best, child) => (child < heap.length && this.#before(child, best) ? child : best),
        parent,
      )
      if (least === parent) return next ?? null
      this.#swap(parent, least)
      parent = least
    }
  }

  #before(a: number, b: number): boolean {
    const [one, other] = [this.#heap[a], this.#heap[b]]
    return one !== undefined && other !== undefined && (one.at - other.at || one.order - other.order) < 0
  }

  #swap(a: number, b: number): void {
    const [one, other] = [this.#heap[a], this.#heap[b]]
    if (one && other) [this.#heap[a], this.#heap[b]] = [other, one]
  }
}
