// cspell:ignore deleteall
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { execOk } from '../../src/lib/process/exec.ts'
import { folder } from '../recipe/throwaway.ts'
import { compose } from './releases.ts'

/** What one commit of the recipe is: what of it runs, and what does not. */
interface State {
  readonly image: string
  readonly level: string
  readonly conf: string
  /** Of the label `version`; null: the maintainer forgot it. */
  readonly version: string | null
  readonly route: string
  readonly readme: string
}

export interface Recorded {
  readonly parents: readonly number[]
  readonly state: State
}

export interface RecordedTag {
  readonly name: string
  readonly at: number
  readonly annotated: boolean
}

/** The work of a maintainer, recorded as plain data before git sees it: commits are numbers, in the order they were made. */
export class Maintainer {
  readonly commits: Recorded[] = []
  readonly tags: RecordedTag[] = []
  readonly branches = new Map<string, number>()
  readonly #random: () => number
  #serial = 0
  #release = [1, 0, 0]

  constructor(seed: number) {
    this.#random = mulberry32(seed)
    const state = { image: 'nginx:1.20.0', level: 'info', conf: 'one\n', version: null, route: 'a', readme: 'x' }
    this.branches.set('main', this.#record([], state))
  }

  at(branch: string): number {
    const commit = this.branches.get(branch)
    if (commit === undefined) throw new Error(`there is no branch ${branch}`)
    return commit
  }

  chance(share: number): boolean {
    return this.#random() < share
  }

  branch(name: string, from: number): void {
    this.branches.set(name, from)
  }

  commit(branch: string, change: Partial<State>): number {
    const parent = this.at(branch)
    const made = this.#record([parent], { ...this.#state(parent), ...change })
    this.branches.set(branch, made)
    return made
  }

  /** Two to four of the changes that are made to recipes: some run, some only describe. */
  changes(branch: string): void {
    const count = 2 + Math.floor(this.#random() * 3)
    for (let i = 0; i < count; i++) this.commit(branch, this.#change())
  }

  /** The commit that says the new version, and its tag. */
  release(
    branch: string,
    part: 'major' | 'minor' | 'patch',
    { label = true, annotated = true, suffix = '' } = {},
  ): void {
    const [major = 0, minor = 0, patch = 0] = this.#release
    if (part === 'major') this.#release = [major + 1, 0, 0]
    else this.#release = part === 'minor' ? [major, minor + 1, 0] : [major, minor, patch + 1]
    this.releaseAs(branch, `${this.#release.join('.')}${suffix}`, { label, annotated })
  }

  releaseAs(branch: string, recipe: string, { label = true, annotated = true } = {}): void {
    const upstream = this.#state(this.at(branch)).image.split(':')[1]
    const name = `${recipe}+${upstream}`
    const at = label ? this.commit(branch, { version: name }) : this.at(branch)
    this.tags.push({ name, at, annotated })
  }

  /** `git merge --no-ff`: what the topic changed, upon what the other has now. */
  merge(topic: string, into: string, from: number): void {
    const [before, ours, theirs] = [this.#state(from), this.#state(this.at(into)), this.#state(this.at(topic))]
    const changed = Object.entries(theirs).filter(([key, value]) => before[key as keyof State] !== value)
    const state = { ...ours, ...Object.fromEntries(changed) }
    this.branches.set(into, this.#record([this.at(into), this.at(topic)], state))
  }

  /** `git merge --squash`: the change without its history. */
  squash(topic: string, into: string): void {
    this.commit(into, this.#state(this.at(topic)))
  }

  #change(): Partial<State> {
    const n = ++this.#serial
    const kinds: Partial<State>[] = [
      { image: `nginx:1.20.${n}` },
      { image: `nginx:1.21.${n}` },
      { level: `level${n}` },
      { conf: `${n}\n` },
      { route: `r${n}` },
      { readme: `words ${n}` },
    ]
    return kinds[Math.floor(this.#random() * kinds.length)] as Partial<State>
  }

  #state(commit: number): State {
    return (this.commits[commit] as Recorded).state
  }

  #record(parents: readonly number[], state: State): number {
    return this.commits.push({ parents, state }) - 1
  }
}

/** As a git repository, its work tree at `main`; the ids of the commits, by their numbers. */
export async function repositoryOf({ commits, tags, branches }: Maintainer): Promise<{ dir: string; ids: string[] }> {
  const dir = await folder({})
  const who = 'A Maintainer <maintainer@example.org>'
  const lines: string[] = []
  const data = (text: string) => `data ${Buffer.byteLength(text)}\n${text}\n`
  for (const [i, { parents, state }] of commits.entries()) {
    lines.push(
      `commit refs/heads/work\nmark :${i + 1}\ncommitter ${who} ${1_700_000_000 + i * 60} +0000\n${data(`c${i}`)}`,
    )
    for (const [k, parent] of parents.entries()) lines.push(`${k === 0 ? 'from' : 'merge'} :${parent + 1}\n`)
    lines.push('deleteall\n')
    for (const [name, text] of Object.entries(filesOf(state))) lines.push(`M 100644 inline ${name}\n${data(text)}`)
  }
  for (const [name, at] of branches) lines.push(`reset refs/heads/${name}\nfrom :${at + 1}\n\n`)
  for (const { name, at, annotated } of tags) {
    if (annotated) lines.push(`tag ${name}\nfrom :${at + 1}\ntagger ${who} 1700000000 +0000\n${data('a release')}`)
    else lines.push(`reset refs/tags/${name}\nfrom :${at + 1}\n\n`)
  }
  const git = (args: string[], input?: string) => execOk('git', args, { cwd: dir, timeoutMs: 60_000, input })
  await git(['init', '--quiet', '--initial-branch=main'])
  const marks = join(dir, '.git', 'marks')
  await git(['fast-import', '--quiet', '--force', `--export-marks=${marks}`], lines.join(''))
  await git(['update-ref', '-d', 'refs/heads/work'])
  await git(['reset', '--quiet', '--hard', 'main'])
  const ids: string[] = []
  for (const row of (await readFile(marks, 'utf8')).trim().split('\n')) {
    const [mark = '', id = ''] = row.slice(1).split(' ')
    ids[Number(mark) - 1] = id
  }
  return { dir, ids }
}

function filesOf({ image, level, conf, version, route, readme }: State): Record<string, string> {
  const more = `        - "traefik.http.routers.web.rule=Host(\`${route}.example.org\`)"
    environment: ["LEVEL=\${LEVEL}"]
    configs: [{source: conf, target: /conf}]
configs:
  conf: {file: conf.txt, name: "\${STACK_NAME}_conf_\${CONF_VERSION}"}
`
  const text = compose({ image, version: version ?? '', more })
  return {
    'compose.yml': version === null ? text.replace(/^.*\.version=.*\n/m, '') : text,
    '.env.sample': `DOMAIN=web.example.org\nLEVEL=${level}\n`,
    'abra.sh': `export CONF_VERSION=v${conf.trim()}\n`,
    'conf.txt': conf,
    'README.md': readme,
  }
}

/** A small random generator with a seed: the same histories every time. */
function mulberry32(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let t = Math.imul(state ^ (state >>> 15), 1 | state)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}
