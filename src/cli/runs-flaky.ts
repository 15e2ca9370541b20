import { type FlakeMemory, flakeMemory } from '../history/flakes/memory.ts'
import { readRunIndex } from '../history/run-index.ts'
import { UsageError } from '../lib/errors.ts'
import { stateDir } from '../machine/state-dir.ts'
import { flakeTable } from '../report/flakes/flake-memory.ts'
import type { StateOption } from './program/options.ts'

export interface RunsFlakyOptions extends StateOption {
  readonly json?: boolean
}

/**
 * `cc-ci runs --flaky [RECIPE]`: what is or lately was flaky, most often first; of a named recipe and with --json every tier and test. Throws UsageError
 * `no-such-recipe`.
 */
export async function runsFlakyCommand(recipe: string | undefined, options: RunsFlakyOptions): Promise<number> {
  const state = stateDir(options.state)
  const all = flakeMemory(readRunIndex(state).runs, recipe === undefined ? {} : { recipe })
  if (recipe !== undefined && all.length === 0)
    throw new UsageError('no-such-recipe', `no whole run of "${recipe}" is kept in ${state}`, {
      kind: 'not-found',
      hint: '`cc-ci runs` lists the runs with their recipes; --state names another folder.',
    })
  if (options.json) process.stdout.write(`${JSON.stringify(all, null, 2)}\n`)
  else process.stdout.write(flakeTable(recipe === undefined ? flakyFirst(all) : all) || nothingIn(state, all.length))
  return 0
}

function flakyFirst(all: readonly FlakeMemory[]): FlakeMemory[] {
  return all.filter(({ flaky, since }) => flaky > 0 || since !== null).sort((a, b) => b.rate - a.rate)
}

function nothingIn(state: string, known: number): string {
  return known === 0 ? `no whole runs in ${state}\n` : 'nothing passed on a second attempt only\n'
}
