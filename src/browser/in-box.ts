import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { connect } from 'node:http2'
import { createServer, type Socket } from 'node:net'
import { Duplex } from 'node:stream'

/*
 * The first program of a browser's container, given to Node as text: it stands on Node alone. It starts Chromium and carries bytes between it and cc-ci,
 * over its own input and output: one stream for Chromium's protocol, one for each connection that Chromium makes to a port
 * here. The container has no network; where the ports lead is for cc-ci to say. It ends when either side does.
 */
const { chromium, ports } = JSON.parse(process.argv[1] ?? '{}') as {
  readonly chromium: readonly string[]
  readonly ports: Readonly<Record<string, number>>
}
const [program = '', ...args] = chromium

const harness = connect('http://cc-ci', {
  createConnection: () => Duplex.from({ readable: process.stdin, writable: process.stdout }),
  settings: { initialWindowSize: 1024 * 1024, enablePush: false },
  maxSessionMemory: 64,
})
harness.on('error', () => process.exit(1))
harness.on('close', () => process.exit(0))

function join(one: Duplex, other: Duplex): void {
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const) {
    from.pipe(to)
    from.on('error', () => to.destroy())
    from.on('close', () => void (to.writableEnded || to.destroy()))
  }
}

const open = (path: string) => harness.request({ ':method': 'POST', ':path': path }, { endStream: false })

const listening = Object.entries(ports).map(
  ([name, port]) =>
    new Promise<void>((resolve) => {
      const accept = (socket: Socket) => join(socket, open(`/edge/${name}`))
      createServer({ allowHalfOpen: true }, accept).listen(port, '127.0.0.1', resolve)
    }),
)
await Promise.all(listening)

const browser = spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit', 'pipe', 'pipe'] })
const [, , , orders, answers] = browser.stdio as unknown as [null, null, null, Duplex, Duplex]
join(Duplex.from({ readable: answers, writable: orders }), open('/protocol'))
browser.on('error', (error) => end(error.message))
browser.on('exit', (code, signal) => end(signal ?? `exit code ${code}`))

/** cc-ci reads the last line of what stands here. */
function end(how: string): void {
  process.stderr.write(`\nchromium ended: ${how}; memory kills: ${memoryKills()}\n`, () => process.exit(0))
}

function memoryKills(): number {
  for (const file of ['memory/memory.oom_control', 'memory.events']) {
    try {
      const found = /^oom_kill (\d+)$/m.exec(readFileSync(`/sys/fs/cgroup/${file}`, 'utf8'))
      if (found) return Number(found[1])
    } catch {
      // The other version of cgroups.
    }
  }
  return 0
}
