import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { LISTEN } from '../../src/canaries/tiny.ts'
import { openWorkshop } from './cc-ci.ts'
import { tinkered } from './tinkered.ts'

/** More than the tasks that Swarm keeps of a service; each end has a code of its own, so that it is no crash loop. */
const FALSE_STARTS = 7

test('the log of every task that ever ran is kept, also of tasks that Swarm has removed', async () => {
  await using workshop = openWorkshop()
  const restless = `echo x >> /data/starts
starts=$(wc -l < /data/starts)
echo "this is start $starts"
[ "$starts" -gt ${FALSE_STARTS} ] || exit $((10 + starts))
${LISTEN}`
  const recipe = await tinkered(workshop, {
    'serve.sh': `#!/bin/sh\nset -eu\n${restless}\n`,
    'abra.sh': 'export SERVE_VERSION=v2\n',
  })
  const { results, stdout } = await workshop.test([recipe, '--base', 'none', '--only', 'install'])
  expect(results.verdict, stdout).toBe('pass')
  const folder = join(workshop.state, 'runs', results.run.id, 'logs')
  const logs = readdirSync(folder).filter((name) => name.startsWith('app.'))
  const starts = logs.map((name) => readFileSync(join(folder, name), 'utf8').match(/this is start (\d+)/)?.[1])
  const all = Array.from({ length: FALSE_STARTS + 1 }, (_, index) => String(index + 1))
  expect(starts.sort()).toEqual(all)
})
