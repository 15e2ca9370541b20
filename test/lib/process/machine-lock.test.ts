import { expect, test } from 'vitest'
import { randomId } from '../../../src/lib/ids.ts'
import { machineLocks, tryMachineLock } from '../../../src/lib/process/machine-lock.ts'

test('a lock is seen by its name while it is held, and can be had once', async () => {
  const prefix = `cc-ci-test-${randomId(8)}`
  expect(machineLocks(prefix)).toEqual([])
  {
    using held = await tryMachineLock(`${prefix}-a.b_c`)
    expect(held).not.toBeNull()
    expect(await tryMachineLock(`${prefix}-a.b_c`)).toBeNull()
    using _ = await tryMachineLock(`${prefix}-z`)
    expect(machineLocks(prefix).sort()).toEqual([`${prefix}-a.b_c`, `${prefix}-z`])
    expect(machineLocks(`${prefix}-z`)).toEqual([`${prefix}-z`])
    // A name is asked for from its beginning.
    expect(machineLocks(prefix.slice(1))).toEqual([])
  }
  await expect.poll(() => machineLocks(prefix)).toEqual([])
})
