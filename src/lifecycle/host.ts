import { type EdgeAddress, edgeAddress } from '../edge/address.ts'
import { assertSameMachine, assertSocketShared } from '../edge/own-container.ts'
import { assertReachable } from '../edge/reach.ts'
import type { Engine } from '../engine/client.ts'
import { fromEnvironment } from '../lib/environment.ts'
import { machineBrowser } from '../machine/browser.ts'
import { engineIsForeign, restartEngine } from '../machine/restart.ts'
import { probeVirtualIps, toolboxImage } from '../machine/vips.ts'
import { imageUse } from './app/pulled-images.ts'
import type { Host } from './context.ts'
import { isAbandoned, listRuns, type RunFolder, readRecord, runFolder } from './run-folder.ts'

/** Connects to the engine and checks the prerequisites of a run. Throws InfraError with the remedy for what is missing; makes nothing that stays. */
export async function connectHost(engine: Engine, state: string): Promise<Host> {
  await assertSameMachine()
  const [edge, toolbox, browser] = await Promise.all([
    reachableEdge(),
    toolboxImage(engine),
    machineBrowser(engine),
    assertSocketShared(),
  ])
  const { carry } = await probeVirtualIps(engine)
  return {
    ...{ engine, edge, vips: carry, toolboxImage: toolbox, browser },
    images: imageUse(state, engine),
    ...engineRestart(state),
  }
}

async function reachableEdge(): Promise<EdgeAddress> {
  const edge = await edgeAddress()
  await assertReachable(edge)
  return edge
}

/** Never by a recipe and never by default: whoever starts the run says so in its environment. */
function engineRestart(state: string): Pick<Host, 'engineRestart'> {
  if (fromEnvironment('CC_CI_ALLOW_ENGINE_RESTART') !== '1') return {}
  const refusal = (runId: string) => {
    const others = listRuns(state).filter((id) => id !== runId && isLive(runFolder(state, id)))
    return others.length > 0 ? `run ${others.join(', ')} is going on` : engineIsForeign(state)
  }
  return { engineRestart: { refusal, restart: () => restartEngine(state, () => {}) } }
}

function isLive(folder: RunFolder): boolean {
  const record = readRecord(folder)
  return record?.status === 'kept' || (record?.status === 'running' && !isAbandoned(record, folder))
}
