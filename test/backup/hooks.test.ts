import { describe, expect, test } from 'vitest'
import { runHooks } from '../../src/backup/hooks.ts'
import type { BackupPlan } from '../../src/backup/plan.ts'
import type { ServiceExec } from '../../src/backup/settled-exec.ts'
import { InfraError } from '../../src/lib/errors.ts'
import { exec as run } from '../../src/lib/process/exec.ts'

const plan = (...commands: string[]): BackupPlan => ({
  capable: true,
  reason: '',
  volumes: [],
  unreachable: [],
  findings: [],
  hooks: commands.map((command, index) => ({ service: `s${index}`, phase: 'backup.pre-hook', command })),
})
/** A container's shell stands in as this machine's: the commands below only print. */
const here: ServiceExec = async (_service, [file = '', ...args], options) => {
  const { exitCode, stdout, stderr } = await run(file, args, options)
  return { exitCode: exitCode ?? -1, stdout, stderr }
}
const hooks = (commands: string[], exec: ServiceExec, more: object = {}) =>
  runHooks({
    plan: plan(...commands),
    phase: 'backup.pre-hook',
    exec,
    mask: (text) => text.replaceAll('hunter22', '***'),
    ...more,
  })

describe('running', () => {
  test('a command line with quotes, pipes and variables is the shell’s own', async () => {
    const { rows, cause } = await hooks([`x="a 'b'"; echo "$x" | grep -q "a 'b'"`], here)
    expect(cause).toBeUndefined()
    expect(rows).toMatchObject([{ service: 's0', phase: 'backup.pre-hook', exitCode: 0 }])
  })

  test('a dump that dies in a pipe is a failure', async () => {
    const { cause } = await hooks(['false | cat'], here)
    expect(cause).toMatchObject({ code: 'backup-hook-failed', blame: 'recipe', service: 's0' })
  })

  test('the others run all the same; the first failure is the cause, its output masked', async () => {
    const { rows, cause } = await hooks(['echo password hunter22 >&2; exit 7', 'true', 'exit 3'], here)
    expect(rows.map(({ exitCode }) => exitCode)).toEqual([7, 0, 3])
    expect(cause?.message).toContain('s0 ended with 7')
    expect(cause?.lines).toEqual(['password ***'])
  })

  test('endless output is cut', async () => {
    const { cause } = await hooks(['seq 1 5000; exit 1'], here)
    expect(cause?.lines).toHaveLength(40)
    expect(cause?.lines.at(-1)).toBe('5000')
  })

  test('restore hooks have their own cause, and other phases do not run', async () => {
    const restore: BackupPlan = { ...plan(), hooks: [{ service: 'db', phase: 'restore.post-hook', command: 'exit 2' }] }
    const options = { plan: restore, exec: here, mask: String }
    expect((await runHooks({ ...options, phase: 'restore.post-hook' })).cause?.code).toBe('restore-hook-failed')
    expect(await runHooks({ ...options, phase: 'restore.pre-hook' })).toEqual({ rows: [] })
  })
})

describe('a container that is being replaced', () => {
  const stopping = () => Object.assign(new InfraError('engine-refused', 'container is not running'), { status: 409 })
  test('is waited for, and the hook runs once in the next one', async () => {
    let calls = 0
    const ran: string[] = []
    const exec: ServiceExec = async (_service, argv) => {
      calls += 1
      if (calls < 4) throw calls === 1 ? stopping() : new InfraError('no-container', 'no container of s0 runs')
      ran.push(argv.at(-1) ?? '')
      return { exitCode: 0, stdout: '', stderr: '' }
    }
    expect((await hooks(['dump'], exec)).rows).toHaveLength(1)
    expect(ran).toEqual([':', 'dump'])
  })

  test('that never comes is a cause that says what was seen', async () => {
    const exec: ServiceExec = async () => {
      throw stopping()
    }
    const { cause, rows } = await hooks(['dump'], exec, { settleMs: 50 })
    expect(rows).toEqual([])
    expect(cause?.message).toContain('container is not running')
  })

  test('an engine that is gone is not the hook’s fault', async () => {
    const exec: ServiceExec = async () => {
      throw new InfraError('engine-lost', 'gone')
    }
    await expect(hooks(['dump'], exec)).rejects.toMatchObject({ code: 'engine-lost' })
  })
})
