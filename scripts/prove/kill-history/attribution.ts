import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { buildRecipe } from '../../../fixtures/recipes/build.ts'
import { execOk } from '../../../src/lib/process/exec.ts'
import { runsGoingOn } from './left.ts'
import type { Fault, Look, Subject } from './subject.ts'

interface Attribution {
  readonly id: string
  readonly status: 'running' | 'ended'
  readonly runs: readonly { readonly run: string }[]
  readonly decision: { readonly verdict: string } | null
}

/** Two commits of a healthy recipe, each installed by turns. */
export async function killedAttribution(work: string, state: string): Promise<Subject> {
  const { dir } = await buildRecipe('healthy', join(work, 'healthy'))
  const { stdout } = await execOk('git', ['-C', dir, 'rev-list', '--max-count=2', 'HEAD'], { timeoutMs: 30_000 })
  const range = stdout.trim().split('\n').reverse().join('..')
  const known = new Map<string, readonly string[]>()
  return {
    begin: ['ab', dir, '--ref', range, '--only', 'install'],
    resume: ['ab', '--resume', 'last'],
    look(): Look {
      const record = newest(state)
      if (record === null) return { going: false, summary: { runs: 0 }, faults: [] }
      if (record === 'half')
        return { going: true, summary: {}, faults: [{ kind: 'half', text: 'the newest attribution' }] }
      const now = record.runs.map(({ run }) => run)
      const faults: Fault[] = (known.get(record.id) ?? [])
        .filter((run) => !now.includes(run))
        .map((run) => ({ kind: 'lost', text: `${run} of ${record.id}` }))
      for (const run of now.filter((one, index) => now.indexOf(one) !== index))
        faults.push({ kind: 'twice', text: `${run} of ${record.id}` })
      known.set(record.id, now)
      const verdict = record.decision?.verdict ?? 'none'
      if (record.status === 'ended' && verdict !== 'unchanged')
        faults.push({ kind: 'wrong', text: `${record.id}: ${verdict}` })
      const summary = { record: record.id, runs: now.length, end: record.status === 'ended' ? verdict : '' }
      return { going: record.status === 'running', summary, faults }
    },
    stillRunning: () => runsGoingOn(state),
  }
}

function newest(state: string): Attribution | 'half' | null {
  const dir = join(state, 'ab')
  const files = (existsSync(dir) ? readdirSync(dir).sort() : []).map((id) => join(dir, id, 'attribution.json'))
  const file = files.filter((one) => existsSync(one)).at(-1)
  if (file === undefined) return null
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return 'half'
  }
}
