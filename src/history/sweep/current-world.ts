import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Engine } from '../../engine/client.ts'
import { mapLimit } from '../../lib/async/map-limit.ts'
import type { ToolIdentity } from '../../lib/version.ts'
import type { EnvironmentFacts } from '../../verdict/events.ts'
import { EVIDENCE_SCHEMA } from '../../verdict/evidence.ts'
import { comparableEnvironment } from '../environment.ts'
import type { RunSummary } from '../run-summary.ts'
import type { SweepCandidate } from './contract.ts'
import { type CurrentWorld, runsByCommit } from './up-to-date.ts'

const ASKED_AT_ONCE = 4

/** What no earlier run can speak for: everything is run. */
export function unknownWorld(tool: CurrentWorld['tool']): CurrentWorld {
  return {
    ...{ tool, evidenceSchema: EVIDENCE_SCHEMA, environment: null, factsOf },
    movedImage: () => null,
    settingsChanged: () => false,
  }
}

export interface WorldParts {
  readonly tool: Pick<ToolIdentity, 'version' | 'commit'>
  readonly environment: EnvironmentFacts
  readonly engine: Pick<Engine, 'image'>
  readonly operatorDir: string | undefined
  readonly candidates: readonly SweepCandidate[]
  /** Newest first. */
  readonly runs: readonly RunSummary[]
}

/** What a run on this machine would meet now; of images, those that earlier runs of the candidates used are looked at. */
export async function currentWorld(parts: WorldParts): Promise<CurrentWorld> {
  const ids = await imageIds(parts)
  const { tool, environment, operatorDir } = parts
  return {
    ...{ tool, evidenceSchema: EVIDENCE_SCHEMA, environment: comparableEnvironment(environment), factsOf },
    movedImage({ images }) {
      const moved = images.find(({ ref, id }) => ids.get(ref) !== id)
      if (!moved) return null
      return ids.get(moved.ref) ? `image ${moved.ref} is another` : `image ${moved.ref} is not here any more`
    },
    settingsChanged: (recipe, since) =>
      operatorDir !== undefined && newestChange(join(operatorDir, recipe)) > Date.parse(since),
  }
}

export function factsOf({ environment }: RunSummary): Readonly<Record<string, string>> {
  return environment ? comparableEnvironment(environment) : {}
}

async function imageIds({ candidates, runs, engine }: WorldParts): Promise<ReadonlyMap<string, string>> {
  const runsOf = runsByCommit(runs)
  const commits = candidates.flatMap(({ recordedName, release, heads }) =>
    [release, ...heads].flatMap((one) => (one?.commit ? [{ recordedName, commit: one.commit }] : [])),
  )
  const refs = new Set(
    commits.flatMap(({ recordedName, commit }) => runsOf(recordedName, commit)[0]?.images.map(({ ref }) => ref) ?? []),
  )
  const found = await mapLimit(ASKED_AT_ONCE, [...refs], async (ref) => [ref, (await engine.image(ref))?.id] as const)
  return new Map(found.filter((pair): pair is readonly [string, string] => pair[1] !== undefined))
}

/** When anything below a folder was last written, made or removed, epoch ms; 0 where there is none. */
function newestChange(path: string): number {
  try {
    const info = statSync(path)
    if (!info.isDirectory()) return info.mtimeMs
    return Math.max(info.mtimeMs, ...readdirSync(path).map((name) => newestChange(join(path, name))))
  } catch {
    return 0
  }
}
