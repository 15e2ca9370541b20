import { type Browser, openBrowser } from '../../src/browser/open.ts'
import type { EdgeAddress } from '../../src/edge/address.ts'
import { Engine } from '../../src/engine/client.ts'
import { randomId } from '../../src/lib/ids.ts'
import { machineBrowser } from '../../src/machine/browser.ts'

export interface BoxedOptions {
  /** Default: one where nobody listens. */
  readonly edge?: EdgeAddress
  readonly domain: string
  /** For what Playwright keeps. */
  readonly folder: string
  /** Its container is called after it. Default: a name of its own. */
  readonly prefix?: string
}

/** A browser as runs have it, in a container that is its own. */
export async function boxedBrowser({
  edge = NOWHERE,
  domain,
  folder,
  prefix = `test-${randomId(8)}`,
}: BoxedOptions): Promise<Browser> {
  const engine = await Engine.connect()
  return openBrowser(engine, {
    edge,
    kind: await machineBrowser(engine),
    // Whatever removes a run removes all that has its id: a test's browser must not share one with another test.
    runId: prefix,
    prefix,
    domain,
    folder,
  })
}

const NOWHERE: EdgeAddress = { host: '127.0.0.1', httpsPort: 1, httpPort: null, apiPort: null, ca: null }
