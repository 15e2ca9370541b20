import { cause } from '../../src/verdict/causes.ts'
import type { EventDraft, RunEvent } from '../../src/verdict/events.ts'
import { fold } from '../../src/verdict/fold.ts'
import type { Results } from '../../src/verdict/results.ts'
import { HEADER, passingStream, passingTier } from '../verdict/passing-stream.ts'

/** A run whose upgrade fails and blocks the backup; `say` stands wherever a recipe can put text. */
export function failedRun(say = 'no such column: posts.slug'): RunEvent[] {
  const upgrade: EventDraft[] = [
    ...passingTier('upgrade').slice(0, 3),
    { type: 'wait.progress', tier: 'upgrade', name: say, reason: say, waitedMs: 900, deadlineMs: 600_000 },
    {
      type: 'check',
      tier: 'upgrade',
      name: `converged ${say}`,
      outcome: 'fail',
      cause: cause('crash-loop', `it ended: ${say}`, { service: say, hint: `fix ${say}`, lines: ['exit 1', say] }),
    },
    { type: 'finding', code: say, severity: 'error', message: say, where: say },
    { type: 'accommodation', text: say },
    { type: 'image', service: say, ref: say, id: say },
    { type: 'note', text: say },
    { type: 'leak', kind: 'volume', name: say },
    { type: 'test', tier: 'upgrade', test: { title: say, file: say, status: 'skipped', durationMs: 1 } },
    { type: 'tier.ended', tier: 'upgrade' },
  ]
  return passingStream(
    {
      upgrade,
      backup: [{ type: 'tier.blocked', tier: 'backup', by: 'upgrade' }],
      restore: [{ type: 'tier.skipped', tier: 'restore', kind: 'declared', reason: say }],
      resilience: [],
    },
    {
      selected: HEADER.selected.filter((id) => id !== 'resilience'),
      recipe: { ...HEADER.recipe, name: say, version: say, origin: say },
      base: { version: say, commit: say, source: 'tag' },
      stack: say,
      domain: say,
      customization: { ...HEADER.customization, config: { [say]: say }, refused: [say] },
    },
  )
}

export function failedResults(say?: string): Results {
  return fold(failedRun(say))
}

export function passedResults(): Results {
  return fold(passingStream())
}

/** What a hostile recipe would say. */
export const HOSTILE = [
  '<script>alert(1)</script>',
  '"><img src=x onerror=alert(1)>',
  "' onmouseover='alert(1)",
  ']]></failure><x>&amp;',
  '[click](javascript:alert(1)) ![x](http://evil.example/x.png)',
  '| cell | cell |\n\n# heading\n- item\n@everyone #1 `code` ``` fence ~~~ **bold** <b>',
  '`` | ` ``` ````\n````\n<img src=x>',
  '</details></summary><h1>owned</h1>',
  '&lt;script&gt; &#60;b&#62;',
  '\u001b[2J\u001b]0;title\u0007\u001b[31mred\u0000\u202egnp',
]
