import { expect, test } from 'vitest'
import { settled, watching } from './watching.ts'

const HABIT = [{ from: 0, to: 30 }, { from: 31, to: 61 }, { from: 62 }]

test('an engine that is away for a moment ends nothing', async () => {
  const { watch, found, at, breakWith, converge } = watching({ app: HABIT })
  await at(10)
  await converge()
  breakWith(new Error('gone'))
  await at(40)
  await expect(watch.look()).rejects.toThrow('gone')
  breakWith(null)
  await at(63)
  expect(found).toHaveLength(1)
})

test('who asks while a look goes on that fails is told so at once, and the next one asks again', async () => {
  const { watch, at, answerAfter } = watching({ app: [{ from: 0 }] })
  await at(10)
  let fail: (error: Error) => void = () => undefined
  answerAfter(new Promise((_, reject) => (fail = reject)))
  const looks = [watch.look(), watch.look()].map((look) => look.catch((error: Error) => error.message))
  answerAfter(new Promise(() => undefined))
  fail(new Error('30 s without an answer'))
  expect(await Promise.all(looks)).toEqual(['30 s without an answer', '30 s without an answer'])
  answerAfter(Promise.resolve())
  expect((await watch.look()).tasks).toHaveLength(1)
})

test('looks do not continue beside each other: who asks during one waits for the next, and shares it', async () => {
  const { watch, at, answerAfter, counts } = watching({ app: [{ from: 0 }] })
  await at(10)
  const before = counts.looks
  const begun = () => counts.looks - before
  const answer: (() => void)[] = []
  const hold = () => answerAfter(new Promise((resolve) => answer.push(resolve)))
  hold()
  const first = watch.look()
  // Asked in the moment in which the first has ended, and the one that waited for it has not begun.
  const between = first.then(() => {
    hold()
    const look = watch.look()
    hold()
    return { look }
  })
  const shared = [watch.look(), watch.look()]
  expect([begun(), shared[0] === shared[1]]).toEqual([1, true])
  answer[0]?.()
  const { look } = await between
  await settled()
  expect(begun()).toBe(3)
  answer[1]?.()
  await look
  const last = watch.look()
  await settled()
  expect(begun()).toBe(3)
  answerAfter(Promise.resolve())
  answer[2]?.()
  expect((await Promise.all([...shared, last])).map(({ tasks }) => tasks.length)).toEqual([1, 1, 1])
  expect(begun()).toBe(4)
})

test('a wait is woken by the events of the watch', async () => {
  const { watch, at } = watching({ app: [{ from: 0 }] })
  let woken = 0
  void watch
    .listener()(new AbortController().signal)
    .then(() => (woken += 1))
  await settled()
  expect(woken).toBe(0)
  await at(10)
  expect(woken).toBe(1)
})

test('no pause outlasts its event, and none the watch; once that is closed nobody hears of anything', async () => {
  const { watch, at, counts, converge } = watching({ app: HABIT })
  await at(10)
  await at(11)
  await at(12)
  expect(counts.sleeping).toBe(1)
  await converge()
  const heard: string[] = []
  watch.onFailure(() => watch[Symbol.dispose]())
  watch.onFailure(({ code }) => heard.push(code))
  await at(63)
  await settled()
  expect([counts.sleeping, counts.closed, heard, watch.lastAt()]).toEqual([0, 1, [], null])
})
