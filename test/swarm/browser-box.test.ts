// cspell:ignore Privs Seccomp cmdline memsw noexec
import { spawn } from 'node:child_process'
import { mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { confinedContainer, MEMORY_MIB, PROCESSES } from '../../src/browser/box.ts'
import { browserName } from '../../src/browser/names.ts'
import type { Browser } from '../../src/browser/open.ts'
import { smoke } from '../../src/checks/smoke.ts'
import type { EdgeAddress } from '../../src/edge/address.ts'
import { EDGE_CONTAINER } from '../../src/edge/address.ts'
import { makeCertificate } from '../../src/edge/certificate.ts'
import { Engine } from '../../src/engine/client.ts'
import { takeLedger } from '../../src/engine/ledger.ts'
import { removeStackOrThrow } from '../../src/engine/removal.ts'
import { browserImage } from '../../src/images/browser.ts'
import { inputTag } from '../../src/images/definition.ts'
import { randomId } from '../../src/lib/ids.ts'
import { boxedBrowser } from '../checks/boxed-browser.ts'

// A page that is up to no good, and code that has already taken the browser over, against the container that a run's browser is.
const DOMAIN = 'app.ci.test'
const PAGES: Readonly<Record<string, string>> = {
  '/plain': '<title>Plain</title><h1>Hello</h1>',
  '/hog':
    '<title>Hog</title><h1>x</h1><script>for (const kept = [];;) kept.push(new Uint8Array(1 << 25).fill(1))</script>',
  '/call': `<title>Call</title><h1>x</h1><script>
    const peer = new RTCPeerConnection({ iceServers: [{ urls: 'stun:127.0.0.1:PORT' }, { urls: 'turn:127.0.0.1:PORT?transport=tcp', username: 'u', credential: 'c' }] })
    window.heard = []
    peer.onicecandidate = ({ candidate }) => { if (candidate) heard.push(candidate.candidate) }
    peer.createDataChannel('x')
    peer.createOffer().then((offer) => peer.setLocalDescription(offer))
  </script>`,
}

const KEPT = `<title>x</title><h1>Hello</h1><script src="/kept.js"></script><script>
  const first = document.cookie === '' && localStorage.length === 0
  localStorage.setItem('seen', '1')
  document.title = (first ? 'first visit' : 'seen before') + ', COUNT, script ' + script
</script>`
const asked = new Map<string, number>()

let engine: Engine
let root: string
let app: Server
/** Listens on every address of this machine, and counts who came. */
let host: Server
let edge: EdgeAddress
let visits = 0
let hostPort = 0

beforeAll(async () => {
  engine = await Engine.connect()
  root = await mkdtemp(join(tmpdir(), 'cc-ci-box-'))
  host = createServer((_request, response) => void response.end('the host'))
  host.on('connection', () => {
    visits += 1
  })
  hostPort = await listening(host, '0.0.0.0')
  const { certificate: cert, key } = await makeCertificate()
  app = createSecureServer({ cert, key }, ({ url = '/', headers }, response) => {
    if (url === '/file') {
      const disposition = { 'content-disposition': 'attachment; filename=a.zip' }
      return void response.writeHead(200, { 'content-type': 'application/zip', ...disposition }).end('PK')
    }
    if (url.startsWith('/kept')) {
      // What a browser may keep for a year, and be told to ask for once.
      const count = (asked.get(url) ?? 0) + 1
      asked.set(url, count)
      const isScript = url === '/kept.js'
      response.writeHead(200, {
        'content-type': isScript ? 'text/javascript' : 'text/html',
        'cache-control': 'public, max-age=31536000, immutable',
        'set-cookie': 'seen=1; Max-Age=31536000; HttpOnly',
      })
      return void response.end(
        isScript ? `const script = ${count}` : KEPT.replace('COUNT', `${headers.cookie ?? ''}${count}`),
      )
    }
    const page = PAGES[url]?.replaceAll('PORT', String(hostPort))
    response.writeHead(page ? 200 : 404, { 'content-type': 'text/html' }).end(page ?? 'none')
  })
  edge = { host: '127.0.0.1', httpsPort: await listening(app, '127.0.0.1'), httpPort: null, apiPort: null, ca: null }
})

afterAll(async () => {
  for (const server of [app, host]) {
    server?.close()
    server?.closeAllConnections()
  }
  await rm(root, { recursive: true, force: true })
})

async function listening(server: Server, address: string): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, address, resolve))
  return (server.address() as AddressInfo).port
}

/** A browser that is gone when the scope ends, and a hand inside its container: code that runs as Chromium does. */
async function opened(prefix = `box-${randomId(8)}`) {
  const browser: Browser = await boxedBrowser({ edge, domain: DOMAIN, folder: join(root, prefix), prefix })
  const container = browserName(prefix)
  const inside = (argv: readonly string[]) => engine.exec(container, argv, { timeoutMs: 120_000 })
  return { browser, prefix, container, inside, [Symbol.asyncDispose]: () => browser.close() }
}

const look = (browser: Browser, path: string) =>
  smoke(browser, {
    url: `https://${DOMAIN}${path}`,
    screenshotFile: join(root, `${randomId(6)}.png`),
    timeoutMs: 120_000,
    signal: new AbortController().signal,
    mask: (text) => text,
  })

test('code that has taken it over reaches nothing but the edge, has no rights, and few processes', async () => {
  await using box = await opened()
  const targets = await everything()
  const reached = await box.inside(['node', '--eval', CONNECT, JSON.stringify(targets)])
  expect(JSON.parse(reached.stdout)).toEqual([])
  // The same code in an ordinary container finds the host, so that it looks at the right places.
  const beside = await engine.run({
    name: `cc-ci-beside-${randomId(6)}`,
    image: inputTag(browserImage()),
    argv: ['node', '--eval', CONNECT, JSON.stringify(targets)],
    ...{ labels: { 'cc-ci.run': 'none' }, network: 'bridge', timeoutMs: 120_000 },
  })
  expect(JSON.parse(beside.output)).not.toEqual([])
  const about = await box.inside(['/bin/sh', '-c', ABOUT])
  expect(about.stdout).toMatch(/^Uid:\s+1000\s+1000\s+1000\s+1000$/m)
  expect(about.stdout).toMatch(/^CapPrm:\s+0{16}$/m)
  expect(about.stdout).toMatch(/^CapBnd:\s+0{16}$/m)
  expect(about.stdout).toMatch(/^NoNewPrivs:\s+1$/m)
  expect(about.stdout).toMatch(/^Seccomp:\s+2$/m)
  expect(about.stdout).toContain('nothing is mounted')
  expect(about.stdout).not.toMatch(/^docker.sock$/m)
  const bomb = JSON.parse((await box.inside(['node', '--eval', BOMB])).stdout) as { started: number }
  expect(bomb.started).toBeGreaterThan(20)
  expect(bomb.started).toBeLessThan(PROCESSES)
})

test('the kernel holds it to its memory, processes and scratch space, from which nothing is run', async () => {
  await using box = await opened()
  const { stdout } = await box.inside(['/bin/sh', '-c', BOUNDS])
  const lines = stdout.split('\n')
  const reported = (what: string) => lines.find((line) => line.startsWith(`${what}: `))?.slice(what.length + 2)
  const bytes = String(MEMORY_MIB * 1024 ** 2)
  expect(reported('memory'), stdout).toBe(bytes)
  // Version 1 of cgroups counts memory and swap together, version 2 swap alone; a kernel that counts no swap says nothing.
  expect(['', bytes, '0']).toContain(reported('swap'))
  expect(reported('processes')).toBe(String(PROCESSES))
  expect(reported('core')).toBe('0')
  expect(reported('files')).toBe('8192')
  const mounted = (place: string) => lines.find((line) => line.startsWith(`mount ${place} `))?.split(/[ ,]/)
  expect(mounted('/')).toContain('ro')
  for (const [place = '', size] of [
    ['/tmp', 'size=1048576k'],
    ['/home/sandbox', 'size=65536k'],
  ]) {
    expect(mounted(place)).toEqual(expect.arrayContaining(['rw', 'nosuid', 'nodev', 'noexec', size, 'nr_inodes=20000']))
  }
  expect(stdout).toContain('nothing is run from /tmp')
  expect(stdout).toContain('nothing is run from /home/sandbox')
  expect((await engine.container(box.container))?.mounts).toEqual([])
})

test('pages are in a sandbox of Chromium’s own within the container, wherever the kernel lets it make one', async () => {
  await using box = await opened()
  const page = await (await box.browser.newContext()).newPage()
  await page.goto(`https://${DOMAIN}/plain`)
  const { id } = (await engine.container(box.container)) ?? { id: 'none' }
  const all = (await running()).filter(({ cgroup }) => cgroup.includes(id))
  const first = all.find(({ command }) => command.startsWith('/usr/bin/tini'))
  const pages = all.filter(({ command }) => command.includes('--type=renderer'))
  expect(first).toBeDefined()
  expect(pages.length).toBeGreaterThan(0)
  const own = pages.map(({ user, network, filters }) => [
    user !== first?.user,
    network !== first?.network,
    filters > (first?.filters ?? 0),
  ])
  const may = await letsMakeNamespaces()
  expect(own).toEqual(pages.map(() => [may, may, may]))
})

test('a page is asked for again each time, however long the app says that it may be kept', async () => {
  await using box = await opened()
  const titles = []
  for (const path of ['/kept', '/kept', '/kept']) {
    const { outcome, evidence } = await look(box.browser, path)
    titles.push(`${outcome} ${evidence?.kind === 'page' ? evidence.title : ''}`)
  }
  // What one look left in the browser changes no other one.
  expect(titles).toEqual([
    'pass first visit, 1, script 1',
    'pass first visit, 2, script 2',
    'pass first visit, 3, script 3',
  ])
})

test('is nowhere but in its container, and its pages see, reach and leave nothing', async () => {
  await using box = await opened()
  const { id } = (await engine.container(box.container)) ?? { id: 'none' }
  const processes = (await running()).filter(
    ({ command }) => command.startsWith('/usr/lib/chromium/chromium') && command.includes(DOMAIN),
  )
  expect(processes.length).toBeGreaterThan(1)
  const ours = processes.filter(({ cgroup }) => cgroup.includes(id))
  expect(ours.length).toBeGreaterThan(1)
  expect(ours.map(({ uid }) => uid).filter((uid) => uid !== '1000')).toEqual([])
  expect(processes.filter(({ parent }) => parent === process.pid)).toEqual([])

  const page = await (await box.browser.newContext()).newPage()
  const before = visits
  await page.goto(`https://${DOMAIN}/call`)
  const asked = await page.evaluate(
    async (urls) => {
      const one = (url: string) =>
        fetch(url, { mode: 'no-cors' }).then(
          () => url,
          () => null,
        )
      return (await Promise.all(urls.map(one))).filter((url) => url !== null)
    },
    [...own(), '127.0.0.1', 'localhost', 'host.docker.internal'].map((address) => `http://${address}:${hostPort}/`),
  )
  expect(asked).toEqual([])
  expect(await page.evaluate('heard')).toEqual([])
  expect(visits).toBe(before)
  expect(await page.evaluate('navigator.onLine')).toBe(true)

  const download = page.waitForEvent('download')
  await page.evaluate("location.href = '/file'")
  expect(await (await download).failure()).not.toBeNull()
  expect(await readdir(join(root, box.prefix), { recursive: true })).toEqual([])
})

test('a page that takes all memory ends at the limit, with its cause; the next browser opens', async () => {
  await using box = await opened()
  expect(await look(box.browser, '/plain')).toMatchObject({ outcome: 'pass' })
  const { outcome, cause } = await look(box.browser, '/hog')
  expect([outcome, cause?.code, cause?.blame]).toEqual(['fail', 'page-memory', 'recipe'])
  expect(cause?.message).toContain(`${MEMORY_MIB} MiB`)
  expect(box.browser.lost).toBe(true)
  await using next = await opened(box.prefix)
  expect(await look(next.browser, '/plain')).toMatchObject({ outcome: 'pass' })
})

test('a browser that is killed is told as such', async () => {
  await using box = await opened()
  await engine.objects.killContainer(box.container)
  const { outcome, cause } = await look(box.browser, '/plain')
  expect([outcome, cause?.code, cause?.blame]).toEqual(['unverified', 'screenshot-failed', 'ci'])
  expect(box.browser.lost).toBe(true)
})

test('ends by itself when the process that opened it is killed, and is found by its names', async () => {
  const prefix = `box-${randomId(8)}`
  const url = new URL('../checks/boxed-browser.ts', import.meta.url).href
  const code = `const { boxedBrowser } = await import(${JSON.stringify(url)})
    await boxedBrowser(${JSON.stringify({ edge, domain: DOMAIN, folder: join(root, prefix), prefix })})
    console.log('open'); setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await new Promise((resolve, reject) => {
    child.stdout.once('data', resolve)
    child.once('exit', reject)
  })
  expect((await engine.container(browserName(prefix)))?.state).toBe('running')
  child.kill('SIGKILL')
  const state = async () => (await engine.container(browserName(prefix)))?.state
  await expect.poll(state, { timeout: 120_000 }).toBe('exited')
  const of = { stack: prefix, runId: prefix }
  expect((await takeLedger(engine, of)).items.containers).toEqual([browserName(prefix)])
  await removeStackOrThrow(engine, { ...of, timeoutMs: 120_000 })
  expect((await takeLedger(engine, of)).total).toBe(0)
})

test('does not come up as anything less confined', () => {
  const { User, HostConfig } = confinedContainer(true)
  expect(User).toBe('1000')
  expect(HostConfig).toMatchObject({
    NetworkMode: 'none',
    CapDrop: ['ALL'],
    ReadonlyRootfs: true,
    LogConfig: { Type: 'none' },
  })
  expect(HostConfig).not.toHaveProperty('Binds')
  expect(HostConfig).not.toHaveProperty('Mounts')
})

/** Addresses of this machine, the gateways of the engine's networks among them. */
function own(): string[] {
  return Object.values(networkInterfaces()).flatMap((faces) =>
    (faces ?? []).filter(({ family, internal }) => family === 'IPv4' && !internal).map(({ address }) => address),
  )
}

/** The host, the edge's own containers side, and an address that routers of this machine would send on. */
async function everything(): Promise<{ host: string; port: number }[]> {
  const container = await engine.container(EDGE_CONTAINER)
  const ofEdge = Object.values(container?.addresses ?? {})
    .flat()
    .filter((address) => typeof address === 'string')
  return [
    ...[...own(), '127.0.0.1'].map((address) => ({ host: address, port: hostPort })),
    ...ofEdge.flatMap((address) => [80, 443, 8080].map((port) => ({ host: address, port }))),
    { host: '192.0.2.1', port: 80 },
    { host: '169.254.169.254', port: 80 },
  ]
}

/** Prints which addresses a connection was made to. */
const CONNECT = `const net = require('node:net')
const tried = JSON.parse(process.argv[1]).map((to) => new Promise((resolve) => {
  const socket = net.connect({ ...to, timeout: 20000 }, () => { socket.destroy(); resolve(to) })
  socket.on('error', () => resolve(null))
  socket.on('timeout', () => { socket.destroy(); resolve(null) })
}))
Promise.all(tried).then((found) => { console.log(JSON.stringify(found.filter(Boolean))); process.exit(0) })`

const ABOUT = `cat /proc/self/status; ls /run /var/run
unshare --user --map-root-user --mount true 2>/dev/null || echo nothing is mounted`

const BOMB = `const { spawn } = require('node:child_process')
let started = 0
for (let i = 0; i < 1000; i++) {
  try { const child = spawn('sleep', ['60'], { stdio: 'ignore' }); child.on('error', () => {}); if (child.pid) started++ } catch {}
}
require('node:fs').writeSync(1, JSON.stringify({ started })); process.exit(0)`

const BOUNDS = `for one in memory/memory.limit_in_bytes memory.max; do [ -r /sys/fs/cgroup/$one ] && echo memory: $(cat /sys/fs/cgroup/$one); done
echo swap: $(cat /sys/fs/cgroup/memory/memory.memsw.limit_in_bytes /sys/fs/cgroup/memory.swap.max 2>/dev/null)
echo processes: $(cat /sys/fs/cgroup/pids/pids.max /sys/fs/cgroup/pids.max 2>/dev/null)
echo core: $(ulimit -Hc); echo files: $(ulimit -n)
while read -r _ place _ options _; do echo mount $place $options; done < /proc/mounts
for place in /tmp /home/sandbox; do cp /bin/true $place/program && chmod 755 $place/program && ! $place/program 2>/dev/null && echo nothing is run from $place; done`

interface Running {
  readonly command: string
  readonly parent: number
  readonly uid: string
  readonly cgroup: string
  /** The namespaces that it is in. */
  readonly user: string
  readonly network: string
  /** So many lists of calls bind it, one on top of the other. */
  readonly filters: number
}

/** Every process of this machine, as the host sees it. */
async function running(): Promise<Running[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  return Promise.all(
    pids.map(async (pid) => {
      const read = (name: string) => readFile(`/proc/${pid}/${name}`, 'utf8').catch(() => '')
      const namespace = (name: string) => readlink(`/proc/${pid}/ns/${name}`).catch(() => '')
      const status = await read('status')
      return {
        command: await read('cmdline'),
        parent: Number(/^PPid:\s+(\d+)$/m.exec(status)?.[1]),
        uid: /^Uid:\s+(\d+)/m.exec(status)?.[1] ?? '',
        cgroup: await read('cgroup'),
        user: await namespace('user'),
        network: await namespace('net'),
        filters: Number(/^Seccomp_filters:\s+(\d+)$/m.exec(status)?.[1] ?? 0),
      }
    }),
  )
}

/** Whether this machine lets anybody make user namespaces; what the engine says to it is for our profile. */
async function letsMakeNamespaces(): Promise<boolean> {
  const read = (name: string) => readFile(`/proc/sys/${name}`, 'utf8').then(Number, () => null)
  const most = await read('user/max_user_namespaces')
  const [debian, apparmor] = [
    await read('kernel/unprivileged_userns_clone'),
    await read('kernel/apparmor_restrict_unprivileged_userns'),
  ]
  return most !== 0 && debian !== 0 && apparmor !== 1
}
