import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { docker, tryDocker } from '../engine/docker-cli.ts'
import { InfraError } from '../lib/errors.ts'
import { describeExit, type ExecResult, execOk } from '../lib/process/exec.ts'
import { dockerfileOf, type ImageDefinition, inputTag } from './definition.ts'

/** Only against a hang, as every deadline of a set-up: a busy machine may take its time. */
const BUILD_DEADLINE_MS = 30 * 60_000
/** A package installation keeps one core busy and waits for the network half of its time. */
const AT_ONCE = 3

/** Makes images that are missing, bases first, a few at a time, none twice. One instance serves one set-up. */
export class ImageBuilder {
  readonly #started = new Map<string, Promise<void>>()
  readonly #log: (line: string) => void
  #free = AT_ONCE
  readonly #waiting: (() => void)[] = []
  /** Human tags of the images that this instance had to build, each with the ms that it took. */
  readonly built = new Map<string, number>()

  constructor(log: (line: string) => void) {
    this.#log = log
  }

  /** Resolves when the image exists under its human tag. Throws InfraError with the last lines of a failed build. */
  ensure(definition: ImageDefinition): Promise<void> {
    const key = definition.tag
    const started = this.#started.get(key) ?? this.#make(definition)
    this.#started.set(key, started)
    return started
  }

  async #make(definition: ImageDefinition): Promise<void> {
    const present = await imageState(definition)
    if (present === 'current') return
    if (present === 'untagged') return void (await docker(['tag', inputTag(definition), definition.tag]))
    if (definition.from) await this.ensure(definition.from)
    await this.#oneOfAFew(async () => {
      const start = Date.now()
      await build(definition)
      const ms = Date.now() - start
      this.built.set(definition.tag, ms)
      this.#log(`image ${definition.tag} built in ${(ms / 1000).toFixed(1)} s`)
    })
  }

  async #oneOfAFew(act: () => Promise<void>): Promise<void> {
    if (this.#free === 0) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    else this.#free -= 1
    try {
      await act()
    } finally {
      const next = this.#waiting.shift()
      if (next) next()
      else this.#free += 1
    }
  }
}

/** `current`: the human tag names these inputs; `untagged`: built, but the tag names something else; `missing`: build it. */
export async function imageState(definition: ImageDefinition): Promise<'current' | 'untagged' | 'missing'> {
  const [wanted, named] = await Promise.all([imageId(inputTag(definition)), imageId(definition.tag)])
  if (wanted === null) return 'missing'
  return wanted === named ? 'current' : 'untagged'
}

/** `sha256:…` of a local image, or null. */
async function imageId(reference: string): Promise<string | null> {
  const found = await tryDocker(['image', 'inspect', '--format', '{{.Id}}', reference])
  return found.exitCode === 0 ? found.stdout.trim() : null
}

async function build(definition: ImageDefinition): Promise<void> {
  const tags = [inputTag(definition), definition.tag]
  const labels = Object.entries(definition.labels ?? {}).map(([name, value]) => `${name}=${value}`)
  if (definition.make) return definition.make.run(tags, labels)
  const folder = await mkdtemp(join(tmpdir(), 'cc-ci-build-'))
  try {
    for (const [name, text] of Object.entries(definition.files ?? {})) await writeFile(join(folder, name), text)
    await definition.fetch?.into(folder)
    await writeFile(join(folder, 'Dockerfile'), dockerfileOf(definition))
    // Whoever builds may keep files to himself (umask 077): the users in the image have to read them all the same.
    await execOk('chmod', ['-R', 'a+rX', folder], { timeoutMs: 5 * 60_000 })
    const tagging = tags.flatMap((tag) => ['--tag', tag])
    const labelling = labels.flatMap((label) => ['--label', label])
    const args = ['build', '--force-rm', ...tagging, ...labelling, folder]
    const built = await tryDocker(args, { timeoutMs: BUILD_DEADLINE_MS })
    if (built.exitCode !== 0) throw failedBuild(definition, built)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** The classic builder prints what a step says, and why it failed, as output; that a step failed, and notices of its own, as errors. */
function failedBuild({ tag }: ImageDefinition, { stdout, stderr, ...end }: ExecResult): InfraError {
  const last = (text: string) => text.trimEnd().split('\n').slice(-8)
  const words = [...last(stdout), ...last(stderr)].filter((line) => line.trim() !== '').join('\n')
  return new InfraError('program-failed', `docker build of ${tag} ${describeExit(end, BUILD_DEADLINE_MS)}:\n${words}`)
}
