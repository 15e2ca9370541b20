import { describe, expect, it } from 'vitest'
import type { RunContext } from '../../../src/lifecycle/context.ts'
import { notOfHead } from '../../../src/lifecycle/judging/not-of-head.ts'
import { cause } from '../../../src/verdict/causes.ts'
import type { TierId } from '../../../src/verdict/tiers.ts'

interface Case {
  readonly oneOfSeveral?: boolean
  readonly via?: readonly unknown[]
  readonly stepping?: string
  readonly base?: 'base' | 'none'
}

function found(tier: TierId, { oneOfSeveral, via = [], stepping, base = 'base' }: Case, message = 'it ended twice') {
  const plan = { base: { kind: base, ref: { version: '1.0.0+1' }, via }, request: { oneOfSeveral } }
  const context = { plan, state: { stepping } } as unknown as RunContext
  const fault = { check: 'converged', outcome: 'fail', why: cause('crash-loop', message) } as const
  const { outcome, why } = notOfHead(tier, context, fault)
  return `${outcome} ${why.code} ${why.blame}: ${why.message}`
}

describe('what is wrong with a released version', () => {
  it.each<[string, TierId, Case, string]>([
    ['of a single base fails as ever', 'install', {}, 'fail crash-loop recipe: it ended twice'],
    ['of head itself fails', 'install', { base: 'none', oneOfSeveral: true }, 'fail crash-loop recipe: it ended twice'],
    [
      'of one base of several is not known',
      'install',
      { oneOfSeveral: true },
      'unverified crash-loop recipe: the base version 1.0.0+1: it ended twice',
    ],
    [
      'at the beginning of a chain is not known',
      'install',
      { via: [{}] },
      'unverified crash-loop recipe: the base version 1.0.0+1: it ended twice',
    ],
    [
      'on the way to head is not known',
      'upgrade',
      { via: [{}], stepping: 'from 1.0.0+1 to 1.1.0+1' },
      'unverified crash-loop recipe: on the way to head, from 1.0.0+1 to 1.1.0+1: it ended twice',
    ],
    ['once the way is gone is of head', 'upgrade', { via: [{}] }, 'fail crash-loop recipe: it ended twice'],
    ['in any other tier is of head', 'backup', { oneOfSeveral: true }, 'fail crash-loop recipe: it ended twice'],
  ])('%s', (_, tier, facts, expected) => expect(found(tier, facts)).toBe(expected))

  it('is told once', () => {
    expect(found('install', { oneOfSeveral: true }, 'the base version 1.0.0+1: it ended')).toBe(
      'unverified crash-loop recipe: the base version 1.0.0+1: it ended',
    )
  })
})
