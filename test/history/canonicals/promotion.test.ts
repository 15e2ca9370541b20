import { describe, expect, it } from 'vitest'
import { PROMOTION_RULES, type RefusalCode, refusals } from '../../../src/history/canonicals/promotion.ts'
import type { PromotionFacts } from '../../../src/lifecycle/stored-data/canonical.ts'
import { fold } from '../../../src/verdict/fold.ts'
import { USUAL_TIERS } from '../../../src/verdict/tiers.ts'
import { passingStream } from '../../verdict/passing-stream.ts'

/** What a test changes; the rest is as in a green run of a release. */
interface Changed {
  readonly plan?: Record<string, unknown>
  readonly results?: Record<string, unknown>
}

const COMMIT = 'c'.repeat(40)
const STACK = 'shop-k3f9qa_ci_test'
const APP = { stack: STACK }
const green = fold(passingStream())

function facts({ plan = {}, results = {} }: Changed = {}): PromotionFacts {
  const release = { app: APP, commit: COMMIT, stack: stackWith({}) }
  return {
    plan: {
      repo: { versions: [{ tag: '2.0.0+1', commit: COMMIT }] },
      ...{ head: release, upgrade: release, app: APP },
      headSource: { dirty: false },
      ...{ request: { quick: false, allow: [] }, attached: null, selected: USUAL_TIERS, allowed: [] },
      base: { kind: 'base' },
      custom: { found: { overlay: null }, admitted: { installSteps: null, functions: new Map() } },
      settings: { settings: { deps: [] } },
      ...{ canonical: { kind: 'none' }, resumed: null },
      ...plan,
    },
    results: { ...green, ...results },
  } as unknown as PromotionFacts
}

function stackWith(volume: Record<string, unknown>) {
  const services = { app: { volumes: [{ type: 'volume', source: 'data', target: '/data' }] } }
  return { model: { services, volumes: { data: volume, unused: { external: true } } } }
}

function volume(of: Record<string, unknown>): Changed {
  const release = { app: APP, commit: COMMIT, stack: stackWith(of) }
  return { plan: { head: release, upgrade: release } }
}

function tier(id: string, changed: Record<string, unknown>): Changed {
  return { results: { tiers: green.tiers.map((row) => (row.id === id ? { ...row, ...changed } : row)) } }
}

const custom = (found: object, admitted: object) => ({
  plan: {
    custom: { found: { overlay: null, ...found }, admitted: { installSteps: null, functions: new Map(), ...admitted } },
  },
})

const skip = (skipKind: string) => ({ status: 'skip', skipKind, reason: 'x' })

/** Each with the one code that speaks against it, and words of its reason. */
const REFUSED: readonly [RefusalCode, string, Changed, RegExp][] = [
  [
    'not-released',
    'a commit after the release',
    { plan: { repo: { versions: [{ tag: '2', commit: 'd' }] } } },
    /no annotated tag/,
  ],
  ['dirty', 'a dirty work tree', { plan: { headSource: { dirty: true } } }, /uncommitted/],
  ['quick', 'a quick run', { plan: { request: { quick: true }, selected: ['lint', 'install'] } }, /quick/],
  [
    'rolled-back',
    'a run that ends with the version before',
    { plan: { selected: [...USUAL_TIERS, 'rollback'], skips: new Map() } },
    /version before/,
  ],
  ['attached', 'the app of another run', { plan: { attached: {} } }, /another run/],
  [
    'left-out',
    'a tier that was not asked for',
    { plan: { selected: USUAL_TIERS.filter((id) => id !== 'restore') } },
    /: restore$/,
  ],
  ['declared', 'resilience, which the settings forbid', tier('resilience', skip('declared')), /leave out resilience/],
  [
    'declared',
    'an upgrade that the settings do not want',
    { ...tier('upgrade', skip('declared')), plan: { base: { kind: 'none', skip: 'declared' } } },
    /leave out upgrade/,
  ],
  ['no-base', '--base none', { plan: { base: { kind: 'none', skip: 'not-selected' } } }, /--base none/],
  ['not-green', 'a failed tier', tier('backup', { status: 'fail' }), /backup fail/],
  ['not-green', 'a tier that could not be judged', tier('upgrade', { status: 'unverified' }), /upgrade unverified/],
  ['flaky', 'a second attempt', { results: { attempts: [{}] } }, /second attempt/],
  [
    'quarantined',
    'a test in quarantine, though it passed',
    tier('functional', {
      tests: [
        {
          ...{ title: 'logs in', file: 'x', status: 'passed', durationMs: 1 },
          quarantined: { reason: 'why', until: '2026-12-31' },
        },
      ],
    }),
    /in quarantine: "logs in"/,
  ],
  ['interrupted', 'a run that was stopped', { results: { run: { ...green.run, interrupted: 'SIGTERM' } } }, /SIGTERM/],
  ['overlay', 'a CI overlay', custom({ overlay: { shown: 'cc-ci/compose.ci.yml' } }, {}), /compose\.ci\.yml/],
  ['allowed', '--allow', { plan: { request: { allow: ['cap-add'] } } }, /--allow cap-add/],
  [
    'no-volumes',
    'an app without data',
    (() => {
      const release = { app: APP, commit: COMMIT, stack: { model: { services: { app: {} }, volumes: {} } } }
      return { plan: { head: release, upgrade: release } }
    })(),
    /no volume/,
  ],
  ['beyond-volumes', 'bind mounts', { plan: { allowed: ['bind-mount'] } }, /allows bind-mount/],
  ['beyond-volumes', 'an external volume', volume({ external: true, name: 'theirs' }), /volume data/],
  ['beyond-volumes', 'a volume under another name', volume({ name: 'elsewhere' }), /volume data/],
  ['beyond-volumes', 'a volume of a driver', volume({ driver: 'nfs' }), /volume data/],
  ['beyond-volumes', 'a volume with options', volume({ driver_opts: { type: 'tmpfs' } }), /volume data/],
  ['deps', 'a dependency', { plan: { settings: { settings: { deps: ['keycloak'] } } } }, /keycloak/],
  ['made-anew', 'install-steps.sh', custom({}, { installSteps: { shown: 'install-steps.sh' } }), /install-steps/],
  ['made-anew', 'env as a function', custom({}, { functions: new Map([['env', {}]]) }), /env as a function/],
  ['resumed', 'a run that continued from another', { plan: { resumed: { run: 'R' } } }, /continued from run R/],
  [
    'inherited',
    'data of another canonical',
    { plan: { canonical: { kind: 'cold', canonical: {} } } },
    /another canonical/,
  ],
]

const ACCEPTED: readonly [string, Changed][] = [
  ['a green run of a release', {}],
  ['a tier that the recipe has nothing for', tier('integration', skip('structural'))],
  ['the same, where the recipe says so too', tier('backup', skip('declared'))],
  ['a first release', { ...tier('upgrade', skip('structural')), plan: { base: { kind: 'none' }, upgrade: null } }],
  ['a lint that decides only its rung', tier('lint', { status: 'fail' })],
  ['a teardown that is not over', tier('teardown', { status: 'unverified' })],
  ['a volume of its own under a name of the stack', volume({ name: `${STACK}_files` })],
  ['a capability that the operator allows', { plan: { allowed: ['cap-add'] } }],
  ['hooks', custom({}, { functions: new Map([['hooks.preUpgrade', {}]]) })],
]

describe('the rules of promotion', () => {
  it.each(REFUSED)('%s: %s', (code, _, changed, reason) => {
    expect(refusals(facts(changed))).toEqual([{ code, reason: expect.stringMatching(reason) }])
  })

  it.each(ACCEPTED)('keep %s', (_, changed) => expect(refusals(facts(changed))).toEqual([]))

  it('have a test each', () => {
    expect(new Set(REFUSED.map(([code]) => code))).toEqual(new Set(Object.keys(PROMOTION_RULES)))
  })

  it('tell everything that speaks against it, in the order of the table', () => {
    const changed = { plan: { headSource: { dirty: true }, settings: { settings: { deps: ['smtp'] } } } }
    expect(refusals(facts(changed)).map(({ code }) => code)).toEqual(['dirty', 'deps'])
  })
})
