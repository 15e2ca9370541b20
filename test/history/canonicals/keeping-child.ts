import { randomBytes } from 'node:crypto'
import { newRunId } from '../../../src/lib/ids.ts'
import { keep, store } from './material.ts'

// Keeps one canonical after another, until it is killed: `node keeping-child.ts STATE FROM`; `FROM` is the time of its first run, epoch ms.
const [, , state = '', from = ''] = process.argv
for (let index = 0; ; index += 1) {
  const content = randomBytes(200_000 + (index % 7) * 150_000)
  await keep(store(state), content, { runId: newRunId(Number(from) + index * 1000) })
  process.stdout.write('.')
}
