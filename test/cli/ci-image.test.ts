import { mkdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { ccCiForCi } from '../../fixtures/images/cc-ci.ts'
import { dockerCli } from '../../fixtures/images/docker-cli.ts'
import { buildRepository } from '../../src/canaries/repository.ts'
import { tinyRecipe } from '../../src/canaries/tiny.ts'
import { type DockerCliOptions, tryDocker } from '../../src/engine/docker-cli.ts'
import { engineHost } from '../../src/engine/endpoint.ts'
import { ImageBuilder } from '../../src/images/builder.ts'
import { busybox } from '../../src/images/busybox.ts'
import { inputTag } from '../../src/images/definition.ts'
import { randomId } from '../../src/lib/ids.ts'
import { exec, inheritedEnv } from '../../src/lib/process/exec.ts'
import { parseResults } from '../../src/verdict/results.ts'
import { LAUNCHER, openWorkshop, type Workshop } from './cc-ci.ts'

const EXAMPLES = join(import.meta.dirname, '..', '..', 'docs', 'examples', 'ci')
const SOCKET = engineHost().replace(/^unix:\/\//, '')
const OPTIONS: DockerCliOptions = { timeoutMs: 600_000 }

const GROUP = ['--group-add', String(statSync(SOCKET).gid)]
const WITH_SOCKET = ['--volume', `${SOCKET}:${SOCKET}`, '--env', `DOCKER_HOST=unix://${SOCKET}`]

beforeAll(async () => {
  const builder = new ImageBuilder(() => {})
  await Promise.all([builder.ensure(dockerCli()), builder.ensure(busybox())])
  await builder.ensure(ccCiForCi())
})

/** One command in a new container of the image; it is gone afterwards. */
function inImage(given: readonly string[], ...command: string[]) {
  return tryDocker(['run', '--rm', '--init', ...given, inputTag(ccCiForCi()), ...command], OPTIONS)
}

describe.concurrent('in a container of the image for CI systems', () => {
  test.each(['host', 'proxy'])('doctor misses nothing with --network %s, as a user of its own', async (network) => {
    const { exitCode, stdout } = await inImage(['--network', network, ...GROUP, ...WITH_SOCKET], 'cc-ci', 'doctor')
    expect(exitCode, stdout).toBe(0)
    expect(stdout).toMatch(/^ok +Edge \(Traefik\)/m)
  })

  test('an edge that cannot be reached is told by doctor, and before a run makes anything', async () => {
    const { exitCode, stdout } = await inImage([...GROUP, ...WITH_SOCKET], 'cc-ci', 'doctor')
    expect(exitCode).toBe(3)
    expect(stdout).toMatch(
      /^CANNOT +Edge \(Traefik\) +the edge runs, but nothing takes connections.*\n.*--network host/m,
    )
    await using workshop = openWorkshop()
    const { dir } = await buildRepository(tinyRecipe({ name: 'tiny', base: {}, head: {} }), join(workshop.dir, 'tiny'))
    const mounted = ['--user', '0', '--volume', `${dir}:${dir}:ro`, '--workdir', dir]
    const run = await inImage([...WITH_SOCKET, ...mounted], 'cc-ci', 'test', '--only', 'lint')
    expect(run).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('nothing takes connections') })
  })

  test('a socket at another path, or of a group that the user is not in, is told with what to do', async () => {
    const elsewhere = ['--volume', `${SOCKET}:/engine.sock`, '--env', 'DOCKER_HOST=unix:///engine.sock']
    const moved = await inImage(['--network', 'host', ...GROUP, ...elsewhere], 'cc-ci', 'doctor', '--json')
    const rowOf = (text: string) => (JSON.parse(text) as { id: string }[]).find(({ id }) => id === 'engine')
    expect(rowOf(moved.stdout)).toMatchObject({
      state: 'impossible',
      remedy: expect.stringContaining(`--volume ${SOCKET}:${SOCKET}`),
    })
    const refused = await inImage(['--network', 'host', ...WITH_SOCKET], 'cc-ci', 'doctor', '--json')
    expect(rowOf(refused.stdout)).toMatchObject({
      state: 'impossible',
      remedy: expect.stringContaining('--group-add'),
    })
  })
})

describe.concurrent('the example for Woodpecker', () => {
  test('with the backend docker tests a recipe in the image and keeps report, results and JUnit', async () => {
    await using workshop = openWorkshop()
    const { dir, kept, variables } = await pipelineOf(workshop)
    const { image, volumes, commands } = stepOf('woodpecker-docker.yml')
    expect(image).toBe(ccCiForCi().tag)
    expect(volumes[0]).toBe('/var/run/docker.sock:/var/run/docker.sock')
    const state = `cc-ci-test-${randomId(8)}`
    const own = ['--volume', `${state}:/var/lib/cc-ci`, '--volume', `${kept}:/srv/cc-ci-results`]
    const around = ['--user', '0', '--network', 'proxy', '--volume', `${dir}:${dir}`, '--workdir', dir]
    const given = Object.entries(variables).flatMap(([name, value]) => ['--env', `${name}=${value}`])
    try {
      const { exitCode, stdout, stderr } = await inImage(
        [...WITH_SOCKET, ...own, ...around, ...given],
        ...['sh', '-e', '-c', quick(commands)],
      )
      expect(exitCode, stdout + stderr).toBe(0)
    } finally {
      await tryDocker(['volume', 'rm', '--force', state])
    }
    expectKept(join(kept, 'recipes', 'tiny', '7'))
  })

  test('with the backend local does the same with an installed cc-ci', async () => {
    await using workshop = openWorkshop()
    const { dir, kept, variables } = await pipelineOf(workshop, 'workspace')
    const { image, commands } = stepOf('woodpecker-local.yml')
    const script = quick(commands).replace('/srv/cc-ci-results', kept)
    const path = `${join(LAUNCHER, '..')}:${process.env.PATH}`
    const env = { ...variables, PATH: path }
    const { exitCode, stdout, stderr } = await exec(image, ['-e', '-c', script], {
      ...{ cwd: dir, timeoutMs: 600_000 },
      env: { ...inheritedEnv(), ...env, CC_CI_STATE: workshop.state },
    })
    expect(exitCode, stdout + stderr).toBe(0)
    expectKept(join(kept, 'recipes', 'tiny', '7'))
  })
})

/** A clone as the agent makes it, a folder for what is kept, and the variables that the examples use. */
async function pipelineOf(workshop: Workshop, name = 'tiny') {
  const { dir } = await buildRepository(tinyRecipe({ name: 'tiny', base: {}, head: {} }), join(workshop.dir, name))
  const kept = join(workshop.dir, 'kept')
  mkdirSync(kept)
  return { dir, kept, variables: { CI_REPO: 'recipes/tiny', CI_REPO_NAME: 'tiny', CI_PIPELINE_NUMBER: '7' } }
}

interface Step {
  readonly image: string
  readonly volumes: readonly string[]
  readonly commands: readonly string[]
}

function stepOf(file: string): Step {
  return (parse(readFileSync(join(EXAMPLES, file), 'utf8')) as { steps: { test: Step } }).steps.test
}

/** Only the first tiers: the whole life is judged by other tests. */
function quick(commands: readonly string[]): string {
  const script = commands.join('\n')
  expect(script).toContain('cc-ci test ')
  return script.replace('cc-ci test ', 'cc-ci test --quick ')
}

function expectKept(dir: string): void {
  const file = join(dir, 'results.json')
  const results = parseResults(JSON.parse(readFileSync(file, 'utf8')), file)
  expect(results).toMatchObject({ verdict: 'pass', recipe: { name: 'tiny' } })
  expect(readFileSync(join(dir, 'junit.xml'), 'utf8')).toContain('<testsuites name="cc-ci tiny"')
  expect(readFileSync(join(dir, 'report.html'), 'utf8')).toContain('<!doctype html>')
}
