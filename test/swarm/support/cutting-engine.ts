import { mkdtempSync, rmSync } from 'node:fs'
import { createConnection, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Docker from 'dockerode'
import { Engine } from '../../../src/engine/client.ts'
import { Connection, type Transport } from '../../../src/engine/connection.ts'
import { engineHost } from '../../../src/engine/endpoint.ts'

const SHORTEST_MS = 200
const LONGEST_MS = 8_000

export interface CuttingEngine extends AsyncDisposable {
  readonly engine: Engine
  /** How many connections were cut in mid-stream so far. */
  cuts(): number
}

/** The engine behind a relay on a unix socket that cuts every connection, event streams too, after a random time between 0.2 and 8 s. */
export async function cuttingEngine(): Promise<CuttingEngine> {
  const dir = mkdtempSync(join(tmpdir(), 'cc-ci-cut-'))
  const path = join(dir, 'docker.sock')
  const target = engineHost().replace(/^unix:\/\//, '')
  let cuts = 0
  const server = createServer((client) => {
    const upstream = createConnection(target)
    const scissors = setTimeout(
      () => {
        cuts += 1
        client.destroy()
        upstream.destroy()
      },
      SHORTEST_MS + Math.random() * (LONGEST_MS - SHORTEST_MS),
    )
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      one.pipe(other)
      one.on('error', () => other.destroy())
      one.on('close', () => {
        clearTimeout(scissors)
        other.destroy()
      })
    }
  })
  await new Promise<void>((resolve) => server.listen(path, resolve))
  return {
    engine: new Engine(new Connection(new Docker({ socketPath: path }).modem as unknown as Transport)),
    cuts: () => cuts,
    async [Symbol.asyncDispose]() {
      await new Promise((resolve) => server.close(resolve))
      rmSync(dir, { recursive: true, force: true })
    },
  }
}
