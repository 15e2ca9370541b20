import { expect, test } from 'vitest'
import { ImageBuilder } from '../../src/images/builder.ts'
import { busybox } from '../../src/images/busybox.ts'

test('a failed build says what the failed step said', async () => {
  const step = 'RUN echo the disk of the mill is full; exit 3'
  const building = new ImageBuilder(() => {}).ensure({ tag: 'cc-ci-test/fails:1', from: busybox(), steps: [step] })
  await expect(building).rejects.toMatchObject({
    code: 'program-failed',
    message: expect.stringMatching(
      /^docker build of cc-ci-test\/fails:1 ended with 3:[\s\S]*\nthe disk of the mill is full\n[\s\S]*returned a non-zero code: 3/,
    ) as unknown,
  })
})
