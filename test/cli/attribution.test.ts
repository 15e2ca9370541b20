import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, it } from 'vitest'
import { type AttributionRecord, attributionSchema } from '../../src/history/attribution/record.ts'
import { commit, repository } from '../recipe/throwaway.ts'
import { openWorkshop, type Workshop } from './cc-ci.ts'
import { builds } from './played-builds.ts'
import { start } from './started.ts'

/** A recipe with one commit for each of these. */
async function recipe(...behaviours: string[]): Promise<{ dir: string; commits: string[] }> {
  const dir = await repository()
  const commits: string[] = []
  for (const [index, behave] of behaviours.entries())
    commits.push(await commit(dir, behave, { behave, note: String(index) }))
  return { dir, commits }
}

async function attributed(workshop: Workshop, args: readonly string[]) {
  const file = join(workshop.dir, 'attribution.json')
  const done = await workshop.run(['ab', ...args, '--json', file])
  const record = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as AttributionRecord) : null
  return { ...done, record }
}

const range = (...commits: (string | undefined)[]) => commits.join('..')

describe('cc-ci ab, with builds that are played', { concurrent: true }, () => {
  it('answers recipe where tool and ref have both moved, and only the recipe is at fault', async () => {
    await using workshop = openWorkshop()
    const tool = await builds('well1', 'well2')
    const { dir, commits } = await recipe('good', 'bad')
    const args = [dir, '--tool', range(tool.well1, tool.well2), '--tool-repo', tool.dir, '--ref', range(...commits)]
    const { exitCode, record, stdout } = await attributed(workshop, args)
    expect(stdout).toContain('recipe (install)')
    expect(exitCode).toBe(0)
    expect(record).toMatchObject({ status: 'ended', why: 'decided', decision: { verdict: 'recipe', tier: 'install' } })
    const validate = new Ajv2020({ strict: false, validateFormats: false }).compile(attributionSchema())
    expect(validate(record), JSON.stringify(validate.errors)).toBe(true)
    expect(record?.runs.map(({ tool, ref }) => [tool, ref])).toContainEqual([tool.well2, commits[0]])
    expect(globSync('ab/tools/*/state/made/*', { cwd: workshop.state })).toEqual([])
  })

  it('answers harness for a broken build, also for one that cannot even start', async () => {
    await using workshop = openWorkshop()
    const tool = await builds('well', 'broken', 'crashes')
    const { dir, commits } = await recipe('good', 'good')
    const args = (fresh: string) => [
      dir,
      '--tool',
      range(tool.well, fresh),
      '--tool-repo',
      tool.dir,
      '--ref',
      range(...commits),
    ]
    expect((await attributed(workshop, args(tool.broken))).record?.decision).toMatchObject({
      verdict: 'harness',
      tier: 'install',
    })
    expect((await attributed(workshop, args(tool.crashes))).record?.decision).toMatchObject({
      verdict: 'harness',
      tier: 'plan',
    })
  })

  it('holds what is not given where it is checked out, and remembers earlier runs', async () => {
    await using workshop = openWorkshop()
    const tool = await builds('well1', 'well2')
    const { dir, commits } = await recipe('good', 'bad')
    const args = [dir, '--tool-repo', tool.dir, '--ref', range(...commits)]
    const first = await attributed(workshop, args)
    expect(first.record).toMatchObject({
      tool: { old: tool.well2, new: tool.well2 },
      decision: { verdict: 'recipe' },
      recorded: null,
    })
    expect(first.record?.runs.map(({ cell }) => cell).slice(0, 4)).toEqual(['OO', 'NN', 'NN', 'OO'])
    const again = await attributed(workshop, args)
    expect(first.record?.runs.map(({ run }) => run)).toContain(again.record?.recorded?.run)
    expect(again.record?.decision?.tiers).toContainEqual(expect.objectContaining({ tier: 'install', recorded: 'same' }))
  })

  it('finds the first bad commit', async () => {
    await using workshop = openWorkshop()
    const tool = await builds('well')
    const { dir, commits } = await recipe('good', 'good', 'good', 'bad', 'bad')
    const { record, stdout } = await attributed(workshop, [
      dir,
      '--tool-repo',
      tool.dir,
      '--ref',
      range(commits[0], commits[4]),
      '--bisect',
    ])
    expect(record?.bisection?.found).toEqual({ from: commits[3], to: commits[3] })
    expect(stdout).toContain(`first commit of the ref with the new result of install: ${commits[3]}`)
  })

  it('is inconclusive at its bound, and continues from there', async () => {
    await using workshop = openWorkshop()
    const tool = await builds('well')
    const { dir, commits } = await recipe('good', 'bad')
    const bounded = await attributed(workshop, [
      dir,
      '--tool-repo',
      tool.dir,
      '--ref',
      range(...commits),
      '--runs',
      '3',
    ])
    expect(bounded).toMatchObject({ exitCode: 3, record: { decision: { verdict: 'inconclusive' } } })
    // As one that was killed before it had written anything.
    mkdirSync(join(workshop.state, 'ab/29991231-235959-aaaaaa'))
    const resumed = await attributed(workshop, ['--resume', 'last', '--runs', '20'])
    expect(resumed).toMatchObject({ exitCode: 0, record: { id: bounded.record?.id, decision: { verdict: 'recipe' } } })
    expect(resumed.record?.runs.slice(0, 3)).toEqual(bounded.record?.runs)
  })

  it('is killed twenty times, continues each time, loses no run and leaves nothing', async () => {
    await using workshop = openWorkshop()
    const tool = await builds('well', 'broken')
    const { dir, commits } = await recipe('good', 'good')
    let args = ['ab', dir, '--tool', range(tool.well, tool.broken), '--tool-repo', tool.dir, '--ref', range(...commits)]
    const record = () => {
      const [file] = globSync('ab/*/attribution.json', { cwd: workshop.state })
      return file === undefined
        ? null
        : (JSON.parse(readFileSync(join(workshop.state, file), 'utf8')) as AttributionRecord)
    }
    let kept = 0
    for (let kill = 1; kill <= 20; kill += 1) {
      // By turns as soon as a run has begun, and when the one after it has.
      const lines = kill % 2 === 0 ? 2 : 1
      const run = start(workshop, args)
      await killedAt(run, lines)
      const runs = record()?.runs.length ?? 0
      expect(runs).toBeGreaterThanOrEqual(kept)
      kept = runs
      args = ['ab', '--resume', 'last']
    }
    expect(kept).toBeGreaterThan(5)
    const { exitCode, record: done } = await attributed(workshop, ['--resume', 'last'])
    expect(exitCode).toBe(0)
    expect(done?.decision?.verdict).toBe('harness')
    expect(new Set(done?.runs.map(({ run }) => run)).size).toBe(done?.runs.length)
    expect(globSync('ab/tools/*/state/made/*', { cwd: workshop.state })).toEqual([])
  })
})

/** Kills it with SIGKILL when it has printed so many times that a run begins; or it has ended by then. */
async function killedAt(run: ReturnType<typeof start>, lines: number): Promise<void> {
  const begun = () => (run.output().match(/^run \d+/gm) ?? []).length
  let ended = false
  const exited = run.exited.then(() => {
    ended = true
  })
  while (!ended && begun() < lines) await new Promise((resolve) => setImmediate(resolve))
  run.kill('SIGKILL')
  await exited
}

describe('cc-ci ab, asked for what cannot be', { concurrent: true }, () => {
  interface Mistake {
    /** The arguments after `ab`, in a workshop with a recipe of two commits and a build of two. */
    readonly args: (at: {
      dir: string
      commits: string[]
      tool: { dir: string; well1: string; well2: string }
    }) => string[]
    readonly spoil?: (at: { dir: string; tool: { dir: string } }) => unknown
    readonly says: readonly RegExp[]
  }
  const MISTAKES: Readonly<Record<string, Mistake>> = {
    'nothing that moves': { args: ({ dir }) => [dir], says: [/neither --tool nor --ref/, /--ref OLD\.\.NEW/] },
    'one commit': {
      args: ({ dir, commits }) => [dir, '--ref', commits[0] ?? ''],
      says: [/--ref: "[0-9a-f]{40}" is no range/, /OLD\.\.NEW/],
    },
    'three dots': {
      args: ({ dir, tool }) => [dir, '--tool-repo', tool.dir, '--ref', 'main...other'],
      says: [/no range/],
    },
    'an open range': { args: ({ dir }) => [dir, '--tool', 'main..'], says: [/--tool: "main\.\."/] },
    'an unknown commit of the recipe': {
      args: ({ dir, tool }) => [dir, '--tool-repo', tool.dir, '--ref', 'main..nowhere'],
      says: [/no commit, tag or branch "nowhere"/, /Branches: main/],
    },
    'an unknown commit of cc-ci': {
      args: ({ dir, tool }) => [dir, '--tool', 'main..maim', '--tool-repo', tool.dir],
      says: [/has no commit "maim"/, /Branches and tags: main/, /Did you mean "main"/],
    },
    'a commit that looks like an option': {
      args: ({ dir, tool }) => [dir, '--tool', '--output=x..main', '--tool-repo', tool.dir],
      says: [/has no commit "--output=x"/],
    },
    'equal ends': {
      args: ({ dir, tool, commits }) => [dir, '--tool-repo', tool.dir, '--ref', range('main', commits[1])],
      says: [/same commit of the recipe/, /Name two commits/],
    },
    'changes that are in no commit': {
      spoil: ({ dir }) => writeFileSync(join(dir, 'behave'), 'changed'),
      args: ({ dir, tool }) => [dir, '--tool-repo', tool.dir, '--ref', 'main~1..main'],
      says: [/changes that are in no commit/, /commit or stash/],
    },
    'changes in cc-ci that are in no commit': {
      spoil: ({ tool }) => writeFileSync(join(tool.dir, 'build'), 'changed'),
      args: ({ dir, tool }) => [dir, '--ref', 'main~1..main', '--tool-repo', tool.dir],
      says: [/changes that are in no commit/],
    },
    'a folder that is no repository of cc-ci': {
      args: ({ dir, tool }) => [dir, '--tool', 'main~1..main', '--tool-repo', join(tool.dir, 'bin')],
      says: [/not the top of a git repository/, /--tool-repo DIR/],
    },
    'a recipe that is none': {
      args: ({ tool }) => [join(tool.dir, 'bin'), '--ref', 'a..b', '--tool-repo', tool.dir],
      says: [/compose\.yml/],
    },
    'commits that are on no line': {
      args: ({ dir, tool, commits }) => [
        dir,
        '--tool-repo',
        tool.dir,
        '--ref',
        range(commits[1], commits[0]),
        '--bisect',
      ],
      says: [/no first-parent ancestor/, /leave --bisect out/],
    },
    'an attribution that is not there': { args: () => ['--resume', 'last'], says: [/no attribution is "last"/] },
    'no runs': {
      args: ({ dir }) => [dir, '--ref', 'main~1..main', '--runs', '0'],
      says: [/Not a whole number from 1 on/],
    },
    'more than can be resumed': {
      args: () => ['--resume', 'last', '--ref', 'a..b'],
      says: [/--resume.*cannot be used with.*--ref/],
    },
  }

  it.each(Object.entries(MISTAKES))('%s: exit 2, told, and nothing is made', async (_, { args, spoil, says }) => {
    await using workshop = openWorkshop()
    const tool = await builds('well1', 'well2')
    const { dir, commits } = await recipe('good', 'bad')
    await spoil?.({ dir, tool })
    const { exitCode, stderr, stdout } = await workshop.run(['ab', ...args({ dir, commits, tool })])
    expect(exitCode, stdout).toBe(2)
    for (const pattern of says) expect(stderr).toMatch(pattern)
    expect(existsSync(workshop.state)).toBe(false)
  })

  it('a commit that is no build of cc-ci, or one that is too old: told before anything runs', async () => {
    await using workshop = openWorkshop()
    const tool = await builds('old', 'well')
    const { dir, commits } = await recipe('good', 'bad')
    const old = await workshop.run(['ab', dir, '--tool', range(tool.old, tool.well), '--tool-repo', tool.dir])
    expect(old).toMatchObject({ exitCode: 2, stderr: expect.stringMatching(/does not know --run-id and --supervised/) })
    const none = await workshop.run(['ab', dir, '--tool', range(commits[0], commits[1]), '--tool-repo', dir])
    expect(none).toMatchObject({
      exitCode: 2,
      stderr: expect.stringMatching(/is no build of cc-ci: it has no bin\/cc-ci/),
    })
    expect(globSync('ab/tools/*/ready.json', { cwd: workshop.state })).toEqual([])
  })
})
