import { globSync } from 'node:fs'
import { basename, join } from 'node:path'
import { execOk } from '../../../src/lib/process/exec.ts'
import { listRuns, readRecord, runFolder } from '../../../src/lifecycle/run-folder.ts'
import { thingsOnEngine } from '../../../test/cli/started.ts'

/** State folders below one: its own, and those of the builds that an attribution has run. */
function stateFolders(state: string): string[] {
  return [state, ...globSync('ab/tools/*/state', { cwd: state }).map((path) => join(state, path))]
}

/** Everything on the engine that a run of this state folder has made: by the label, and by the names that hold its id. */
export async function leftOfRuns(state: string): Promise<string[]> {
  const ids = stateFolders(state).flatMap((one) => globSync('runs/*', { cwd: one }).map((path) => basename(path)))
  const named = (await thingsOnEngine()).filter((thing) => ids.some((id) => thing.includes(id.slice(-6))))
  const labelled: string[] = []
  for (const kind of ['container', 'network', 'volume', 'secret', 'config']) {
    const all = kind === 'container' ? ['-a'] : []
    const args = [kind, 'ls', ...all, '--filter', 'label=cc-ci.run', '--format', '{{.Label "cc-ci.run"}}']
    const { stdout } = await execOk('docker', args, { timeoutMs: 300_000 })
    labelled.push(...stdout.split('\n').flatMap((id) => (ids.includes(id) ? [`${kind} of run ${id}`] : [])))
  }
  return [...named, ...labelled]
}

/** Runs of this state folder whose record says that they still continue. */
export function runsGoingOn(state: string): string[] {
  return stateFolders(state).flatMap((one) =>
    listRuns(one).filter((id) => readRecord(runFolder(one, id))?.status === 'running'),
  )
}
