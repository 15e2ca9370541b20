import { PROVIDERS } from '../deps/index.ts'
import { Engine } from '../engine/client.ts'
import { reportBrowser } from '../machine/browser.ts'
import { stateDir } from '../machine/state-dir.ts'
import { engineDown, engineStatus, engineUp } from '../machine/up.ts'
import { reportVips } from '../machine/vips.ts'
import type { StateOption } from './program/options.ts'

const log = (line: string) => void process.stdout.write(`${line}\n`)

/** `cc-ci engine up`: installs and starts what is missing. Throws InfraError `machine-incomplete` with every remedy. */
export async function engineUpCommand({ state }: StateOption): Promise<number> {
  await engineUp({ state: stateDir(state), log })
  await reportVips(log)
  await reportBrowser(log)
  return 0
}

/** `cc-ci engine down`: removes what `engine up` and dependencies of runs made on this machine, and says what that was. */
export async function engineDownCommand({ state }: StateOption): Promise<number> {
  const removed = await engineDown({ state: stateDir(state), log, services })
  log(removed.length > 0 ? `removed: ${removed.join(', ')}` : 'nothing here was made by cc-ci')
  return 0
}

export async function engineStatusCommand({ state }: StateOption): Promise<number> {
  const { made, ownEngine } = engineStatus({ state: stateDir(state) })
  log(made.length > 0 ? `made by cc-ci: ${made.join(', ')}` : 'nothing here was made by cc-ci')
  log(ownEngine ? 'the engine that cc-ci started runs' : 'no engine of cc-ci runs; another one may: see cc-ci doctor')
  return 0
}

const services = Object.entries(PROVIDERS).map(([name, load]) => ({
  what: name,
  remove: async () => (await load()).remove(await Engine.connect()),
}))
