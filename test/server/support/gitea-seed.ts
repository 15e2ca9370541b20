import { createHash } from 'node:crypto'
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { cacheDir } from '../../../scripts/setup/server-parts/cache.ts'
import { type BuiltGitea, ensureGitea } from '../../../scripts/setup/server-parts/gitea-build.ts'
import { GITEA_VERSION } from '../../../scripts/setup/server-parts/gitea-module.ts'
import { waitFor } from '../../../src/lib/async/wait.ts'
import { execOk } from '../../../src/lib/process/exec.ts'
import { withMachineLock } from '../../../src/lib/process/machine-lock.ts'
import { type Account, call } from './gitea-api.ts'
import { commitFiles } from './gitea-git.ts'
import { makeOrganisation, makeToken, makeUser } from './gitea-people.ts'
import { freePort, giteaEnv, startProcess, stopProcess } from './gitea-process.ts'
import { giteaSettings } from './gitea-settings.ts'

/** Everybody who has an account from the start. `bot` is the server's own; `stranger` is in no organisation. */
export interface People {
  readonly admin: Account
  readonly bot: Account
  readonly member: Account
  readonly stranger: Account
}

export const ORGANISATION = 'coop'
export const REPOSITORY = 'coop/hello'

interface Seed {
  readonly dir: string
  readonly built: BuiltGitea
}

/** Makes the state that every test begins with, once per machine, and copies it to `dir` for `port`. */
export async function copySeed(
  dir: string,
  port: number,
  log: (line: string) => void,
): Promise<{ built: BuiltGitea; people: People }> {
  const seed = await ensureSeed(log)
  await cp(seed.dir, dir, { recursive: true })
  await writeFile(join(dir, 'app.ini'), giteaSettings(dir, port, seed.built))
  await moveHooks(dir, seed.dir)
  return { built: seed.built, people: JSON.parse(await readFile(join(dir, 'people.json'), 'utf8')) as People }
}

async function ensureSeed(log: (line: string) => void): Promise<Seed> {
  const built = await ensureGitea(log)
  const dir = cacheDir(`gitea-seed-${GITEA_VERSION}-${await sourceHash()}`)
  const there = () =>
    stat(dir).then(
      () => true,
      () => false,
    )
  if (await there()) return { dir, built }
  await withMachineLock(
    log,
    async () => {
      if (!(await there())) await makeSeed(dir, built)
    },
    'cc-ci-gitea-seed',
  )
  return { dir, built }
}

/** A change of what is seeded makes a new seed. */
async function sourceHash(): Promise<string> {
  const names = ['gitea-seed.ts', 'gitea-people.ts', 'gitea-settings.ts']
  const texts = await Promise.all(names.map((name) => readFile(join(import.meta.dirname, name), 'utf8')))
  return createHash('sha256').update(texts.join('\0')).digest('hex').slice(0, 12)
}

async function makeSeed(target: string, built: BuiltGitea): Promise<void> {
  await mkdir(dirname(target), { recursive: true })
  const dir = await mkdtemp(`${target}.making-`)
  try {
    const port = await freePort()
    const url = `http://127.0.0.1:${port}`
    const config = join(dir, 'app.ini')
    await writeFile(config, giteaSettings(dir, port, built))
    const pid = await startProcess(dir, url, built)
    try {
      await populate(url, config, built, dir)
    } finally {
      await stopProcess(pid)
    }
    await moveHooks(dir, dir, target)
    await rename(dir, target)
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

async function populate(url: string, config: string, { binary }: BuiltGitea, dir: string): Promise<void> {
  const first = { login: 'admin', password: 'admin-password-1', token: '' }
  const args = ['admin', 'user', 'create', '-c', config, '--admin', '--username', first.login, '--password']
  const mail = ['--email', 'admin@example.org', '--must-change-password=false']
  await execOk(binary, [...args, first.password, ...mail], { timeoutMs: 60_000, env: giteaEnv() })
  const admin = await makeToken(url, first, ['all'])
  const bot = await makeUser(url, admin, 'bot')
  const member = await makeUser(url, admin, 'member')
  const stranger = await makeUser(url, admin, 'stranger')
  await makeOrganisation(url, admin, ORGANISATION, { bot: bot.login, member: member.login })
  await call(url, admin, 'POST', `/orgs/${ORGANISATION}/repos`, { name: 'hello', default_branch: 'main' })
  const people: People = { admin, bot, member, stranger }
  await commitFiles({ url, as: admin, repository: REPOSITORY, branch: 'main', files: { 'README.md': '# hello\n' } })
  // The first push counts once a queue ran: until then the repository is empty and takes no pull request.
  const filled = await waitFor<null, never>(
    async () => {
      const { empty } = await call(url, admin, 'GET', `/repos/${REPOSITORY}`)
      return empty ? { state: 'waiting', reason: 'still empty' } : { state: 'ready', value: null }
    },
    { name: 'the first push', timeoutMs: 30_000, everyMs: 50 },
  )
  if (filled.state !== 'ready') throw new Error(`${REPOSITORY} stays empty`)
  await writeFile(join(dir, 'people.json'), JSON.stringify(people))
}

/** The hooks of every repository name the folder of the server they belong to. */
async function moveHooks(dir: string, from: string, to = dir): Promise<void> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true })
  for (const entry of entries) {
    if (!entry.isFile() || !/\.git\/hooks\/.*\.d$/.test(entry.parentPath)) continue
    const file = join(entry.parentPath, entry.name)
    const text = await readFile(file, 'utf8')
    if (text.includes(from)) await writeFile(file, text.replaceAll(from, to))
  }
}
