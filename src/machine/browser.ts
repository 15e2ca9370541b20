import { join } from 'node:path'
import { type BrowserKind, browserKind } from '../browser/probe.ts'
import { Engine } from '../engine/client.ts'
import { browserImage } from '../images/browser.ts'
import { inputTag } from '../images/definition.ts'
import { InfraError } from '../lib/errors.ts'
import { cacheDir } from './state-dir.ts'

/** The browser of this machine's runs; asked once for each engine, boot and image. Throws InfraError `browser-missing`, `browser-failed`. */
export async function machineBrowser(engine: Engine): Promise<BrowserKind> {
  const definition = browserImage()
  const reference = inputTag(definition)
  if (!(await engine.image(reference)))
    throw new InfraError(
      'browser-missing',
      `the engine has no image ${definition.tag} with a browser of this version`,
      {
        hint: "Run 'cc-ci engine up', which builds it.",
      },
    )
  return browserKind(engine, reference, join(cacheDir(), 'browser.json'))
}

/** Asks and says what it found, for the end of a set-up. */
export async function reportBrowser(log: (line: string) => void): Promise<void> {
  const { version, ownSandbox } = await machineBrowser(await Engine.connect())
  const sandbox = ownSandbox
    ? 'with its own sandbox inside the container'
    : 'without its own sandbox inside the container: kernel or engine let nobody make user namespaces'
  log(`Browser: ${version}, ${sandbox}`)
}
