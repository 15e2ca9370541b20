import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { waitFacts } from '../../src/lib/async/waits.ts'
import { CHECK_IDS, type CheckRef, checkAfter, checkKey, checkTitle } from '../../src/verdict/checks.ts'
import { operationFacts } from '../../src/verdict/operations.ts'

const kill = { kind: 'kill', service: 'db' } as const

describe('what a reader sees of an id', () => {
  it.each<[CheckRef, string]>([
    ['converged', 'every service converged'],
    [{ id: 'ready', subject: 'app listens on 8080' }, 'ready: app listens on 8080'],
    [{ id: 'function', subject: '$& {service}' }, '$& {service} succeeds'],
    [checkAfter('task-answers', kill), "the app's own task answers after db was killed"],
    [checkAfter('converged', { kind: 'redeploy' }), 'every service converged after the same commit was deployed again'],
    [checkAfter({ id: 'ready', subject: 'x' }, { kind: 'engine-restart' }), 'ready: x after the engine was restarted'],
  ])('%j', (check, title) => expect(checkTitle(check)).toBe(title))

  it('of an operation and a wait comes with the facts', () => {
    expect(operationFacts({ kind: 'kill', service: 'app' })).toEqual({
      ...{ kind: 'kill', service: 'app', operation: 'kill app' },
    })
    expect(operationFacts('remove')).toEqual({ kind: 'remove', operation: 'remove everything' })
    expect(waitFacts({ id: 'database-connects', subject: 'PostgreSQL', service: 'db' })).toEqual({
      ...{ id: 'database-connects', subject: 'PostgreSQL', service: 'db' },
      name: 'PostgreSQL in db takes connections',
    })
  })
})

describe('one check is told from another', () => {
  it('by id, subject and what it follows, not by what it is called', () => {
    const checks: CheckRef[] = [
      'converged',
      checkAfter('converged', kill),
      checkAfter('converged', { kind: 'kill', service: 'app' }),
      checkAfter('converged', { kind: 'redeploy' }),
      { id: 'ready', subject: 'a' },
      { id: 'ready', subject: 'b' },
    ]
    expect(new Set(checks.map(checkKey)).size).toBe(checks.length)
    expect(checkKey({ id: 'converged' })).toBe(checkKey('converged'))
  })
})

describe('a title', () => {
  const src = join(import.meta.dirname, '../../src')
  const files = readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && file !== join('verdict', 'checks.ts'))
    .map((file) => ({ file, text: readFileSync(join(src, file), 'utf8') }))
  const whole = CHECK_IDS.filter((id) => checkTitle({ id, subject: '?' }) === checkTitle({ id }))

  it('stands in its table alone: nothing else can go by it', () => {
    expect(whole.length).toBeGreaterThan(20)
    const titles = whole.map((id) => checkTitle({ id }))
    const elsewhere = files.flatMap(({ file, text }) =>
      titles
        .filter((title) => ["'", '"', '`'].some((quote) => text.includes(`${quote}${title}${quote}`)))
        .map((title) => `${file}: ${title}`),
    )
    expect(elsewhere).toEqual([])
  })
})
