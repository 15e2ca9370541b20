import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { emptyVolume } from '../../src/backup/loss.ts'
import { fillVolume, readVolume, volumeContent } from '../../src/backup/volume-copy.ts'
import { bareStack } from './support/bare-stack.ts'

/** Names, kinds, owners, modes, links, holes, attributes and times that a careless copy loses. */
const ODD = `cd /volumes/data && mkdir -p sub/deep empty "$(printf 'dir\\nwith newline')" && printf x > -rf && printf '%b' 'v' > "$(printf '\\xff\\xfe')" \
&& ln -s /etc/passwd out && ln -s missing dangling && mkfifo pipe && printf one > first && ln first second && truncate -s 8M holes && printf end >> holes \
&& printf secret > sub/deep/mine && chmod 4750 sub/deep/mine && chown 999:1234 sub/deep/mine && touch -d '2020-01-02 03:04:05.123456789' sub/deep/mine \
&& chmod 1777 empty && touch -d '2021-05-06 07:08:09.5' empty && chown 70:70 . && chmod 700 . && head -c 6000000 /dev/urandom > big && touch -d '2019-01-01 00:00:00.25' .`

test('a volume comes back as it was, and its content is known by one hash', async () => {
  await using stack = await bareStack('data', 'void')
  const { toolbox } = stack
  await stack.sh(ODD)
  const bounds = { bytes: 0 }
  const before = await stack.listing('data')
  const linked = () => stack.sh('stat -c %h:%i /volumes/data/first /volumes/data/second | sort -u | wc -l')

  const hash = createHash('sha256')
  const pieces: Buffer[] = []
  await readVolume(toolbox, 'data', {
    ...bounds,
    async output(piece) {
      hash.update(piece)
      pieces.push(Buffer.from(piece))
    },
  })
  const content = hash.digest('hex')
  expect(await volumeContent(toolbox, 'data', bounds)).toBe(content)
  expect(await stack.listing('data')).toBe(before)

  await emptyVolume(toolbox, 'data')
  expect(await volumeContent(toolbox, 'data', bounds)).not.toBe(content)
  await fillVolume(toolbox, 'data', { ...bounds, input: streamOf(pieces) })
  expect(await volumeContent(toolbox, 'data', bounds)).toBe(content)
  expect(await stack.listing('data')).toBe(before)
  expect(await linked()).toBe('1\n')

  // What changes the least of it changes the hash.
  for (const change of ['chmod 4751 /volumes/data/sub/deep/mine', 'touch -d 2020-01-01 /volumes/data/first']) {
    await stack.sh(change)
    expect(await volumeContent(toolbox, 'data', bounds), change).not.toBe(content)
  }

  // An archive that breaks off, and one that is none, are no volume.
  const half = Buffer.concat(pieces).subarray(0, 1_000_000)
  await expect(fillVolume(toolbox, 'void', { ...bounds, input: streamOf([half]) })).rejects.toMatchObject({
    code: 'toolbox-failed',
  })
  await expect(
    fillVolume(toolbox, 'void', {
      ...bounds,
      input: (async function* () {
        yield half
        throw new Error('the disk is gone')
      })(),
    }),
  ).rejects.toThrow('the disk is gone')
})

test('a reader that stops ends the copy, and so does a signal', async () => {
  await using stack = await bareStack('data')
  await stack.sh('head -c 4000000 /dev/urandom > /volumes/data/big')
  const stop = new AbortController()
  const stopped = readVolume(stack.toolbox, 'data', {
    ...{ bytes: 0, signal: stop.signal },
    output: async () => stop.abort(new Error('enough')),
  })
  await expect(stopped).rejects.toThrow('enough')
  const full = readVolume(stack.toolbox, 'data', {
    bytes: 0,
    async output() {
      throw new Error('no space')
    },
  })
  await expect(full).rejects.toThrow('no space')
})

async function* streamOf(pieces: readonly Buffer[]): AsyncIterable<Buffer> {
  yield* pieces
}
