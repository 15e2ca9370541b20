import { describe, expect, it } from 'vitest'
import { RunResources } from '../../src/lifecycle/resources.ts'

type Toolbox = Awaited<ReturnType<RunResources['toolbox']['get']>>

function toolbox(onClose: () => void): Toolbox {
  return { close: async () => onClose() } as Toolbox
}

describe('what a run holds', () => {
  it('is opened once, also when two ask at the same time', async () => {
    const resources = new RunResources()
    let opened = 0
    const open = async () => {
      opened += 1
      return toolbox(() => {})
    }
    const [a, b] = await Promise.all([resources.toolbox.get(open), resources.toolbox.get(open)])
    expect(a).toBe(b)
    expect(opened).toBe(1)
  })

  it('is tried again after an error, and nothing is closed that never opened', async () => {
    const resources = new RunResources()
    await expect(resources.toolbox.get(() => Promise.reject(new Error('no image')))).rejects.toThrow('no image')
    const box = toolbox(() => {})
    expect(await resources.toolbox.get(async () => box)).toBe(box)
    const other = new RunResources()
    const failed = other.toolbox.get(() => Promise.reject(new Error('no image')))
    expect(await other.dispose({ keep: false })).toEqual([])
    await expect(failed).rejects.toThrow('no image')
  })

  it('is opened again after it was closed', async () => {
    const resources = new RunResources()
    const closed: string[] = []
    await resources.toolbox.get(async () => toolbox(() => closed.push('first')))
    await resources.closeHelpers()
    await resources.toolbox.get(async () => toolbox(() => closed.push('second')))
    await resources.dispose({ keep: false })
    await resources.dispose({ keep: false })
    expect(closed).toEqual(['first', 'second'])
  })

  it('is closed last in first out, whatever fails, and dependencies only where the app goes', async () => {
    const done: string[] = []
    const holding = async () => {
      const resources = new RunResources()
      resources.deps.releases.set('smtp', async () => void done.push('smtp'))
      await resources.toolbox.get(async () =>
        toolbox(() => {
          done.push('toolbox')
          throw new Error('stuck')
        }),
      )
      return resources
    }
    const failures = await (await holding()).dispose({ keep: false })
    expect(done).toEqual(['toolbox', 'smtp'])
    expect(failures).toEqual([expect.objectContaining({ what: 'toolbox', message: 'stuck' })])
    done.length = 0
    await (await holding()).dispose({ keep: true })
    expect(done).toEqual(['toolbox'])
  })
})
