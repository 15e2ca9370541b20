import type { Pin } from '../deploy/placement.ts'
import { type EdgeAddress, edgeAddress } from '../edge/address.ts'
import { assertSameMachine, assertSocketShared } from '../edge/own-container.ts'
import { assertReachable } from '../edge/reach.ts'
import type { Engine } from '../engine/client.ts'
import { bringImage } from '../engine/nodes/bring-image.ts'
import { TOOLBOX_TAG } from '../images/toolbox.ts'
import { fromEnvironment } from '../lib/environment.ts'
import { machineBrowser } from '../machine/browser.ts'
import { engineIsForeign, restartEngine } from '../machine/restart.ts'
import { probeVirtualIps, toolboxImage } from '../machine/vips.ts'
import { imageUse } from './app/pulled-images.ts'
import type { Host } from './context.ts'
import { isAbandoned, listRuns, type RunFolder, readRecord, runFolder } from './run-folder.ts'

/** Connects to the engine and checks the prerequisites of a run. Throws InfraError with the remedy for what is missing; makes nothing that stays. */
export async function connectHost(
  { engine, pin }: { readonly engine: Engine; readonly pin: Pin | null },
  state: string,
): Promise<Host> {
  const { home } = engine
  await assertSameMachine()
  const [edge, toolbox, browser] = await Promise.all([
    reachableEdge(),
    toolboxImage(home).then(() => toolboxOn(engine)),
    machineBrowser(home),
    assertSocketShared(),
  ])
  const { carry } = await probeVirtualIps(home)
  return {
    ...{ engine, pin, edge, vips: carry, toolboxImage: toolbox, browser },
    images: imageUse(state, engine),
    // It is the engine of the manager that can be restarted.
    ...(engine.node === null ? engineRestart(state) : {}),
  }
}

/** Another node gets the image from here: it is in no registry. */
async function toolboxOn(engine: Engine): Promise<string> {
  await bringImage(engine, TOOLBOX_TAG)
  return toolboxImage(engine)
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
