import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { type Bench, onBothDatabases } from './bench.ts'

const CHILD = fileURLToPath(new URL('writer-child.ts', import.meta.url))

function startWriter(bench: Bench): { child: ChildProcess; lines: AsyncIterableIterator<string> } {
  const child = spawn(process.execPath, [CHILD, bench.state, bench.databaseUrl ?? ''], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  return { child, lines: createInterface({ input: child.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]() }
}

onBothDatabases((databases) => {
  test('a server that is killed while it writes has kept what it promised, with its database and without', async () => {
    const bench = await databases.bench()
    const decided = new Map<string, number>()
    const ended = new Set<string>()
    for (const enough of [1, 6, 13]) {
      const { child, lines } = startWriter(bench)
      const exit = once(child, 'exit')
      let seen = 0
      for await (const line of lines) {
        const [what, id = '', comment] = line.split(' ')
        if (what === 'decided') decided.set(id, Number(comment))
        else ended.add(id)
        seen += 1
        if (seen === enough) child.kill('SIGKILL')
      }
      await exit
    }
    const check = async () => {
      const store = await bench.open()
      const rows = await store.runs({ limit: 1000 })
      const states = new Map(rows.map((row) => [row.request.id, row.state]))
      for (const [id, comment] of decided) {
        expect(states.get(id)).toBeDefined()
        expect((await store.decided('Org/recipe', comment))?.run).toBe(id)
      }
      for (const id of ended) expect(states.get(id)).toBe('done')
      expect(new Set(rows.map((row) => row.request.pull?.comment)).size).toBe(rows.length)
      return rows.map((row) => [row.request.id, row.outcome])
    }
    const kept = await check()
    expect(kept.length).toBeGreaterThanOrEqual(decided.size)
    await bench.forgetDatabase()
    expect(await check()).toEqual(kept)
  })
})
