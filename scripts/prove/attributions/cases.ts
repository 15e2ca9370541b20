import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer, type Server } from 'node:net'
import { join } from 'node:path'
import type { AttributionRecord } from '../../../src/history/attribution/record.ts'
import { exportResult } from '../../../src/history/attribution/recorded.ts'
import { newRunId } from '../../../src/lib/ids.ts'
import { execOk, wholeEnv } from '../../../src/lib/process/exec.ts'
import { runFolder } from '../../../src/lifecycle/run-folder.ts'
import { type Bench, buildImage, DEADLINE_MS, IMAGE, LAUNCHER } from './bench.ts'

interface Case {
  readonly why: string
  readonly expected: string
  run(bench: Bench): Promise<string>
}

const GOOD = '/serve.sh'
const BAD = '/nowhere.sh'

export const CASES: Readonly<Record<string, Case>> = {
  recipe: {
    why: 'the new commit names a program that is not there',
    expected: 'recipe (install)',
    async run({ commit, ab }) {
      return describeDecision(await ab([await commit(GOOD), await commit(BAD)]))
    },
  },
  bisect: {
    why: 'the third of five commits breaks it',
    expected: 'recipe (install), first bad commit: the third',
    async run({ commit, ab }) {
      const commits = [await commit(GOOD), await commit(), await commit(BAD), await commit(), await commit()]
      const record = await ab([commits[0], commits[4]], { more: ['--bisect'] })
      const { from, to } = record.bisection?.found ?? {}
      const named = ['first', 'second', 'third', 'fourth', 'fifth'][commits.indexOf(from ?? '')]
      return `${describeDecision(record)}, first bad commit: the ${from === to ? named : 'range'}`
    },
  },
  drift: {
    why: 'the image has moved under its name since the base was green',
    expected: 'drift (install), moved: the image',
    async run({ commit, ab, dir, state, recipe }) {
      const ends = [await commit(GOOD), await commit()]
      const id = newRunId(Date.now())
      const test = ['test', recipe, '--ref', ends[0] ?? '', '--base', 'none', '--only', 'install']
      await execOk(LAUNCHER, [...test, '--run-id', id, '--state', state], { timeoutMs: DEADLINE_MS, env: wholeEnv() })
      const recorded = join(dir, 'recorded.json')
      writeFileSync(recorded, JSON.stringify(exportResult(runFolder(state, id).results)))
      await buildImage(dir, 'FROM cc-ci-fixtures/busybox:1\nRUN rm /bin/sh\n')
      const record = await ab(ends, { more: ['--recorded', recorded] })
      const moved = record.decision?.movedSince.map(({ what }) => what) ?? []
      return `${describeDecision(record)}, moved: ${moved.includes(`image ${IMAGE}`) ? 'the image' : moved.join(', ')}`
    },
  },
  infra: {
    why: 'the engine is gone from the second run on',
    expected: 'inconclusive',
    async run({ commit, ab, dir }) {
      const relay = await relayTo(join(dir, 'docker.sock'))
      const env = { DOCKER_HOST: `unix://${join(dir, 'docker.sock')}` }
      const onLine = (line: string) => void (line.startsWith('run 2 ') && relay.close())
      const record = await ab([await commit(GOOD), await commit(BAD)], { env, onLine })
      relay.close()
      return record.decision?.verdict ?? 'undecided'
    },
  },
  flake: {
    why: 'every second run, a file is missing that both commits read from the machine',
    expected: 'flake (install)',
    async run({ commit, ab, dir }) {
      const coin = join(dir, 'coin')
      mkdirSync(coin)
      const edits = {
        'compose.yml': (text: string) => text.replace(/^( *)- data:\/data$/m, `$&\n$1- ${coin}:/coin:ro`),
        'serve.sh': (text: string) => text.replace('set -eu\n', 'set -eu\n[ -e /coin/heads ]\n'),
      }
      const ends = [await commit(GOOD, edits), await commit()]
      const onLine = (line: string) => {
        const [, run] = /^run (\d+) /.exec(line) ?? []
        if (run === undefined) return
        if (Number(run) % 2 === 1) writeFileSync(join(coin, 'heads'), '')
        else rmSync(join(coin, 'heads'))
      }
      return describeDecision(await ab(ends, { more: ['--allow', 'bind-mount'], onLine }))
    },
  },
  confound: {
    why: 'recipe and cc-ci have both moved, and the new commit names a program that is not there',
    expected: 'recipe (install)',
    async run({ commit, ab }) {
      return describeDecision(await ab([await commit(GOOD), await commit(BAD)], { tool: 'other' }))
    },
  },
  harness: {
    why: 'the new build asks every app for a page that no app has',
    expected: 'harness (install)',
    async run({ commit, ab }) {
      return describeDecision(await ab([await commit(GOOD), await commit()], { tool: 'asks-wrongly' }))
    },
  },
  both: {
    why: 'the same build, and the new commit names a program that is not there',
    expected: 'both (install)',
    async run({ commit, ab }) {
      return describeDecision(await ab([await commit(GOOD), await commit(BAD)], { tool: 'asks-wrongly' }))
    },
  },
  interaction: {
    why: 'the new build cannot read `${NAME-default}`, which the new commit alone has',
    expected: 'interaction (install)',
    async run({ commit, ab }) {
      return describeDecision(
        await ab([await commit(GOOD), await commit('${SCRIPT-/serve.sh}')], { tool: 'no-plain-default' }),
      )
    },
  },
}

function describeDecision({ decision }: AttributionRecord): string {
  return `${decision?.verdict}${decision?.tier ? ` (${decision.tier})` : ''}`
}

/** Another way to the engine, which can be closed while the engine lives on. */
async function relayTo(path: string): Promise<Server> {
  const server = createServer((client) => {
    const engine = connect('/var/run/docker.sock')
    client.pipe(engine).pipe(client)
    for (const end of [client, engine]) end.on('error', () => [client, engine].forEach((one) => void one.destroy()))
  })
  await new Promise<void>((resolve) => server.listen(path, resolve))
  return server
}
