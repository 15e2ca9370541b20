import { setTimeout as delay } from 'node:timers/promises'
import type { Engine } from '../engine/client.ts'
import { InfraError } from '../lib/errors.ts'
import { type BridgeLink, sandboxLost } from './bridge-link.ts'
import { cleanUp } from './clean.ts'
import type { ProgramOptions, ProgramResult, Sandbox, SandboxOptions } from './contract.ts'
import { fetchFiles } from './fetch.ts'
import { refusedLabels } from './gate-labels.ts'
import type { SandboxNames } from './names.ts'
import { followProgram, type RunningProgram } from './program.ts'
import { removeSandbox } from './remove.ts'

/** For what a killed program had printed and the engine still holds. */
const LAST_WORDS_MS = 5000

interface Opened extends SandboxOptions {
  readonly names: SandboxNames
  readonly image: string
  readonly container: string
  readonly link: BridgeLink
}

/** The sandbox in its container, once it is open. */
export class ContainerSandbox implements Sandbox {
  readonly #engine: Engine
  readonly #opened: Opened
  #last: Promise<unknown> = Promise.resolve()
  #memoryKills = 0

  constructor(engine: Engine, opened: Opened) {
    this.#engine = engine
    this.#opened = opened
  }

  run(argv: readonly string[], options: ProgramOptions): Promise<ProgramResult> {
    return this.#afterTheLast(() => this.#run(argv, options))
  }

  fetch(dir: string, into: string, limits: Parameters<Sandbox['fetch']>[2]): ReturnType<Sandbox['fetch']> {
    return this.#afterTheLast(() => fetchFiles(this.#engine, this.#opened.container, { dir, into, limits }))
  }

  async close(): Promise<void> {
    this.#opened.link.close()
    await removeSandbox(this.#engine, this.#opened.names)
  }

  #afterTheLast<T>(act: () => Promise<T>): Promise<T> {
    const mine = this.#last.then(act, act)
    this.#last = mine
    return mine
  }

  async #run(argv: readonly string[], options: ProgramOptions): Promise<ProgramResult> {
    const { container, link } = this.#opened
    options.signal?.throwIfAborted()
    await this.#checkGate()
    link.begin(options.handlers)
    try {
      const program = await followProgram(this.#engine, container, argv, { ...options, gone: link.gone })
      if (program.stopped === 'bridge-gone') throw sandboxLost(await this.#whyGone())
      const outOfMemory = await this.#clean()
      await program.settled
      options.signal?.throwIfAborted()
      return await resultOf(program, outOfMemory)
    } catch (error) {
      await this.#clean().catch(() => undefined)
      options.signal?.throwIfAborted()
      // Without the container each call fails in a way of its own.
      const state = await this.#engine.container(container)
      if (state?.state !== 'running') throw sandboxLost(await this.#whyGone(), error)
      throw error
    }
  }

  /** True when the kernel had to kill for memory since the last time. */
  async #clean(): Promise<boolean> {
    const { container, link, names, image, runId } = this.#opened
    const reaper = { name: names.reaper, image, runId }
    const { memoryKills } = await cleanUp(this.#engine, { container, link, reaper })
    const more = memoryKills > this.#memoryKills
    this.#memoryKills = Math.max(memoryKills, this.#memoryKills)
    return more
  }

  async #checkGate(): Promise<void> {
    const { stack, also } = this.#opened
    const stacks = [stack, ...also.map((other) => other.stack)]
    const services = (await Promise.all(stacks.map((name) => this.#engine.services(name)))).flat()
    const refused = refusedLabels(services)
    if (refused.length === 0) return
    throw new InfraError('gate-refused', `labels that could lead the gate to another address: ${refused.join(', ')}`, {
      hint: 'Remove these labels, or test this recipe without code of its own.',
    })
  }

  async #whyGone(): Promise<string> {
    const state = await this.#engine.container(this.#opened.container)
    if (!state) return 'its container was removed'
    if (state.oomKilled) return 'its memory was used up'
    return state.state === 'running' ? 'its bridge has ended' : `its container has ended with ${state.exitCode}`
  }
}

async function resultOf({ exec, output, stopped }: RunningProgram, outOfMemory: boolean): Promise<ProgramResult> {
  await Promise.race([exec.over, delay(LAST_WORDS_MS)])
  exec.close()
  const note = stopped === 'printed-too-much' ? '\n[cc-ci: killed, because it printed more than 64 MiB]\n' : ''
  return {
    exitCode: stopped === null ? await exec.exitCode() : null,
    timedOut: stopped === 'deadline',
    outOfMemory,
    output: `${output.end()}${note}`,
  }
}
