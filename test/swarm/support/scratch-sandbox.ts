import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import type { Engine } from '../../../src/engine/client.ts'
import { takeLedger } from '../../../src/engine/ledger.ts'
import { removeStack } from '../../../src/engine/removal.ts'
import { newRunId, randomId } from '../../../src/lib/ids.ts'
import type { ProgramOptions, ProgramResult, Sandbox, SandboxOptions } from '../../../src/sandbox/contract.ts'
import { openSandbox } from '../../../src/sandbox/open.ts'

export const HOSTILE = new URL('../../../fixtures/hostile', import.meta.url).pathname

/** A sandbox that is gone when the scope ends; fails when it leaves something on the engine. */
export interface ScratchSandbox extends AsyncDisposable {
  readonly sandbox: Sandbox
  readonly options: SandboxOptions
  /** Where the run keeps its files. */
  readonly dir: string
  run(argv: readonly string[], options?: Partial<ProgramOptions>): Promise<ProgramResult>
  /** Runs one of `fixtures/hostile` and reads the JSON that it prints. */
  probe(argv: readonly string[], options?: Partial<ProgramOptions>): Promise<Record<string, unknown>>
}

/** Options for a sandbox of a stack that has a random name, with these files as code of the recipe. */
export function sandboxOptions(code: Readonly<Record<string, string>> = {}): SandboxOptions & { readonly dir: string } {
  const dir = mkdtempSync(join(tmpdir(), 'cc-ci-sandbox-'))
  const stack = `sb_${randomId(8)}`
  mkdirSync(join(dir, 'code'))
  for (const [path, text] of Object.entries(code)) {
    mkdirSync(dirname(join(dir, 'code', path)), { recursive: true })
    writeFileSync(join(dir, 'code', path), text)
  }
  return {
    dir,
    runId: newRunId(Date.now()),
    stack,
    domain: `${stack.replace('_', '-')}.ci.test`,
    also: [],
    ports: [],
    prefix: stack,
    code: { recipe: join(dir, 'code'), operator: HOSTILE },
    tmp: join(dir, 'tmp'),
    log: () => undefined,
    signal: new AbortController().signal,
  }
}

export async function scratchSandbox(
  engine: Engine,
  options: SandboxOptions & { readonly dir: string } = sandboxOptions(),
): Promise<ScratchSandbox> {
  const sandbox = await openSandbox(engine, options)
  const run: ScratchSandbox['run'] = (argv, more) => sandbox.run(argv, { timeoutMs: 60_000, handlers: {}, ...more })
  return {
    sandbox,
    options,
    dir: options.dir,
    run,
    async probe(argv, more) {
      const { output } = await run(argv, more)
      return JSON.parse(output) as Record<string, unknown>
    },
    async [Symbol.asyncDispose]() {
      await sandbox.close()
      rmSync(options.dir, { recursive: true, force: true })
      await nothingLeft(engine, options)
    },
  }
}

/** Throws when there is something of the run; removes it all the same. */
export async function nothingLeft(engine: Engine, { stack, runId }: SandboxOptions): Promise<void> {
  const left = await takeLedger(engine, { stack, runId })
  if (left.total === 0) return
  await removeStack(engine, { stack, runId, timeoutMs: 60_000 })
  throw new Error(`left behind: ${JSON.stringify(left.items)}`)
}
