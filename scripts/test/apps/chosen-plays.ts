import type { RealApp, UpstreamFault } from '../../../fixtures/apps/app.ts'
import { faultOf, lifeOf } from '../../../fixtures/apps/canary.ts'
import type { Canary } from '../../../src/canaries/canary.ts'
import { UsageError } from '../../../src/lib/errors.ts'

/** One run of the suite: the life of an app, or one of its faults. */
export interface Play {
  /** `members`, `members/login-asks-wrong-address`. */
  readonly name: string
  readonly app: RealApp
  /** Null: its life. */
  readonly fault: UpstreamFault | null
  readonly canary: Canary
}

export interface Choice {
  /** Apps, each with all its faults, and single faults: `members/login-asks-wrong-address`. None: everything. */
  readonly names: readonly string[]
  readonly healthy: boolean
  readonly faults: boolean
}

/** What was asked for, lives first: they take longest. Throws UsageError `no-such-app` with the names, `no-such-play` where nothing is left. */
export function chosenPlays(apps: readonly RealApp[], { names, healthy, faults }: Choice): Play[] {
  const all = allPlays(apps)
  const unknown = names.filter((name) => !all.some((play) => play.name === name))
  if (unknown.length > 0) {
    throw new UsageError('no-such-app', `no real app and no fault is named ${unknown.join(', ')}`, {
      hint: `Apps: ${apps.map(({ recipe }) => recipe).join(', ')}. Faults: ${all.flatMap(({ name, fault }) => (fault ? [name] : [])).join(', ')}.`,
    })
  }
  const part = healthy === faults ? all : all.filter(({ fault }) => (fault === null) === healthy)
  const plays = part.filter(({ name, app }) => names.length === 0 || names.includes(name) || names.includes(app.recipe))
  if (plays.length === 0)
    throw new UsageError('no-such-play', `${names.join(', ')}: nothing is left of them with these options`, {
      hint: 'A fault is no life: leave out --healthy.',
    })
  return plays
}

function allPlays(apps: readonly RealApp[]): Play[] {
  const lives = apps.map((app) => ({ name: app.recipe, app, fault: null, canary: lifeOf(app) }))
  const faults = apps.flatMap((app) =>
    app.faults.map((fault) => ({ name: `${app.recipe}/${fault.name}`, app, fault, canary: faultOf(app, fault) })),
  )
  return [...lives, ...faults]
}
