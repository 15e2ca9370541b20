// cspell:ignore runuser
// cspell:ignore initdb nosync libdir dbname
import { chmod, chown, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { exec, execOk, inheritedEnv } from '../../../src/lib/process/exec.ts'
import { freePort, send } from './gitea-process.ts'

/** A PostgreSQL of one test file's own: its cluster in a temporary folder, on a loopback port. */
export interface Postgres {
  /** A new empty database; gives its URL. */
  database(): Promise<string>
  /** The schema and the rows of a database as SQL that any other one takes, the embedded one included. */
  dump(databaseUrl: string): Promise<string>
  /** At once, as a crash would: connections break. */
  stop(): Promise<void>
  start(): Promise<void>
  restart(): Promise<void>
  /** It takes connections and says nothing (SIGSTOP to all of its processes), until `resume`. */
  pause(): Promise<void>
  resume(): Promise<void>
  /** Stops it and removes its folder. */
  close(): Promise<void>
}

/** Debian's PostgreSQL. Throws with what to install where it is missing: what needs it fails, it is not skipped. */
export async function startPostgres(): Promise<Postgres> {
  const bin = await findPrograms()
  const folder = await mkdtemp(join(tmpdir(), 'cc-ci-postgres-'))
  const user = await unprivileged()
  if (user) {
    await chown(folder, user.uid, user.gid)
    await chmod(folder, 0o700)
  }
  const as = user ? ['runuser', '-u', user.name, '--'] : []
  const run = async (program: string, ...args: string[]) => {
    const [file = '', ...rest] = [...as, join(bin, program), ...args]
    const env = { ...inheritedEnv(), LC_ALL: 'C.UTF-8' }
    return (await execOk(file, rest, { timeoutMs: 120_000, cwd: '/', env })).stdout
  }
  const data = join(folder, 'data')
  const port = await freePort()
  await run('initdb', '-D', data, '-U', 'postgres', '-A', 'trust', '--no-sync', '-E', 'UTF8')
  const options = `-p ${port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off -c max_connections=120`
  const control = async (...args: string[]) => void (await run('pg_ctl', '-D', data, '-w', '-t', '60', ...args))
  const start = () => control('-l', join(folder, 'log'), '-o', options, 'start')
  const stop = () => control('-m', 'immediate', 'stop')
  const tell = async (signal: NodeJS.Signals) => {
    const server = Number((await readFile(join(data, 'postmaster.pid'), 'utf8')).split('\n')[0])
    for (const pid of [server, ...(await childrenOf(server))]) send(pid, signal)
  }
  const url = (name: string) => `postgres://postgres@127.0.0.1:${port}/${name}`
  await start()
  let running = true
  let made = 0
  return {
    async database() {
      made += 1
      const name = `test_${made}`
      const client = new pg.Client({ connectionString: url('postgres') })
      await client.connect()
      await client.query(`create database ${name}`)
      await client.end()
      return url(name)
    },
    async dump(databaseUrl) {
      const words = await run('pg_dump', '--inserts', '--no-owner', '--no-privileges', '--dbname', databaseUrl)
      // Comments, the session's settings and commands of psql are not the schema's.
      const lines = words.split('\n').filter((line) => !/^(--|SET |\\|SELECT pg_catalog\.set_config)/.test(line))
      return `-- cspell:ignore pkey\n${lines
        .join('\n')
        .replace(/\n{3,}/g, '\n\n')
        .trim()}\n`
    },
    async stop() {
      await stop()
      running = false
    },
    async start() {
      await start()
      running = true
    },
    async restart() {
      await stop()
      await start()
    },
    pause: () => tell('SIGSTOP'),
    resume: () => tell('SIGCONT'),
    async close() {
      if (running) await stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function childrenOf(pid: number): Promise<number[]> {
  const { stdout } = await exec('ps', ['-o', 'pid=', '--ppid', String(pid)], { timeoutMs: 10_000 })
  return stdout.split('\n').filter(Boolean).map(Number)
}

async function findPrograms(): Promise<string> {
  const root = '/usr/lib/postgresql'
  const versions = (await readdir(root).catch(() => [])).sort((a, b) => Number(b) - Number(a))
  for (const version of versions) {
    const bin = join(root, version, 'bin')
    if (await stat(join(bin, 'initdb')).catch(() => null)) return bin
  }
  throw new Error("PostgreSQL's server programs are missing: apt-get install -y postgresql")
}

/** PostgreSQL refuses to be root: the account that its Debian package makes. Null where we are not root ourselves. */
async function unprivileged(): Promise<{ name: string; uid: number; gid: number } | null> {
  if (process.getuid?.() !== 0) return null
  const id = async (flag: string) => Number((await execOk('id', [flag, 'postgres'], { timeoutMs: 10_000 })).stdout)
  return { name: 'postgres', uid: await id('-u'), gid: await id('-g') }
}
