/** More than this between the two clocks is a jump: corrections of NTP are smaller, or slow. */
const JUMP_MS = 2_000

/** Notices that the wall clock was set, or that this machine slept: the wall clock then went on further, or less far, than the monotonic one. */
export class ClockWatch {
  readonly #monotonic: () => number
  #apart: number | null = null
  #jumpedAt = Number.NEGATIVE_INFINITY

  constructor(monotonic: () => number = () => performance.now()) {
    this.#monotonic = monotonic
  }

  /** `now`: the wall clock, epoch ms. True when a look within the last `ms`, this one too, has met a jump. */
  jumpedWithin(ms: number, now: number): boolean {
    const at = this.#monotonic()
    const apart = now - at
    if (this.#apart !== null && Math.abs(apart - this.#apart) > JUMP_MS) this.#jumpedAt = at
    this.#apart = apart
    return at - this.#jumpedAt < ms
  }
}
