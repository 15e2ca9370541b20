import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { InfraError } from '../../../src/lib/errors.ts'
import { FOLDER_LIMITS } from '../../../src/server/worker/workspace.ts'
import { parseResults } from '../../../src/verdict/results.ts'
import { Served, type ServedOptions } from './one-run.ts'

async function served(options: ServedOptions): Promise<Served> {
  const one = new Served(options)
  await one.start()
  return one
}

describe('a worker', () => {
  it('sees a run to its end, names its origin and leaves nothing but the folder', async () => {
    await using one = await served({ behaviour: 'pass' })
    await one.until('the end', () => one.finished.length === 1)
    await one.done()
    expect(one.finished).toEqual([{ exitCode: 0, ended: 'itself', words: '', teardown: 'clean' }])
    const folder = join(one.state, 'runs', one.held[0]?.folder ?? '')
    const results = parseResults(JSON.parse(readFileSync(join(folder, 'results.json'), 'utf8')))
    expect(results.recipe.origin).toBe('https://git.example.org/coop-cloud/played')
    expect(results.recipe.commit).toBe(one.held[0]?.request.commit)
    expect(one.desks()).toEqual([])
  })

  it('tells the end of the words of a run that never began', async () => {
    await using one = await served({ behaviour: 'words' })
    await one.until('the end', () => one.finished.length === 1)
    const [end] = one.finished
    expect(end).toEqual({
      ...{ exitCode: 2, ended: 'itself', teardown: 'none' },
      words: 'cc-ci: compose.yml:3: this is no recipe',
    })
  })

  it('tells a run what its request gives it of the memory', async () => {
    await using one = await served({ behaviour: 'memory' })
    await one.until('the end', () => one.finished.length === 1)
    expect(one.held[0]?.request.memoryBytes).toBe(1024 ** 3)
    expect(one.finished[0]?.words).toBe(`it may have ${1024 ** 2}K`)
  })

  it('brings a folder that is not the server’s there, byte by byte', async () => {
    await using one = await served({ behaviour: 'pass', sharesFolder: false })
    await one.until('the end', () => one.finished.length === 1)
    const folder = one.held[0]?.folder ?? ''
    for (const file of ['run.json', 'events.ndjson', 'results.json', 'report.html', 'artifacts/junit.xml']) {
      const sent = readFileSync(join(one.received, folder, file), 'utf8')
      expect(sent, file).toBe(readFileSync(join(one.state, 'runs', folder, file), 'utf8'))
    }
  })

  it('holds as many runs at once as its memory allows', async () => {
    await using one = await served({ behaviour: 'wait', runs: 3 })
    await one.until('two runs', () => one.held.length === 2 && one.running())
    const renewals = one.renewals
    await one.until('time continues', () => one.renewals > renewals + 10)
    expect(one.held).toHaveLength(2)
  })
})

describe('a run that is cancelled', () => {
  it.each([true, false])(
    'is over for the server within 5 s, and proven gone later (its folder shared: %s)',
    async (sharesFolder) => {
      await using one = await served({ behaviour: 'wait', sharesFolder })
      await one.until('the middle', () => one.running())
      const asked = performance.now()
      one.cancel = 'a newer comment'
      await one.until('the end', () => one.finished.length === 1)
      expect(performance.now() - asked).toBeLessThan(5000)
      expect(one.finished[0]).toMatchObject({ ended: 'cancelled', teardown: 'unknown' })
      await one.until('the proof', () => one.proofs.length === 1)
      expect(one.proofs).toEqual(['clean'])
      expect(one.record()?.status).toBe('ended')
    },
  )

  it('brings what it left behind like any other', async () => {
    await using one = await served({ behaviour: 'orderly', sharesFolder: false })
    await one.until('the middle', () => one.running())
    one.cancel = 'enough'
    await one.until('the proof', () => one.proofs.length === 1)
    const folder = one.held[0]?.folder ?? ''
    for (const file of ['run.json', 'events.ndjson', 'results.json', 'report.html', 'artifacts/junit.xml']) {
      const sent = readFileSync(join(one.received, folder, file), 'utf8')
      expect(sent, file).toBe(readFileSync(join(one.state, 'runs', folder, file), 'utf8'))
    }
  })

  it('is killed when it does not listen, and taken down by gc', async () => {
    await using one = await served({ behaviour: 'deaf', limits: { teardownMs: 300 } })
    await one.until('the middle', () => one.running())
    one.cancel = 'enough'
    await one.until('the proof', () => one.proofs.length === 1)
    expect(one.proofs).toEqual(['clean'])
    expect(one.record()?.status).toBe('ended')
  })
})

describe('a run that is not the worker’s any more', () => {
  it('is stopped, and nothing more is written of it', async () => {
    await using one = await served({ behaviour: 'wait' })
    await one.until('the middle', () => one.running())
    one.fenced = true
    await one.until('its end', () => one.record()?.status === 'ended')
    await one.done()
    expect([one.finished, one.proofs, one.released]).toEqual([[], [], []])
  })

  it('is known by the worker’s own clock when nobody answers', async () => {
    await using one = await served({ behaviour: 'wait', leaseMs: 1500 })
    await one.until('the middle', () => one.running())
    one.away = true
    await one.until('its end', () => one.record()?.status === 'ended')
    one.away = false
    await one.done()
    expect([one.finished, one.proofs, one.released]).toEqual([[], [], []])
  })

  it('is known when a renewal hangs', async () => {
    await using one = await served({ behaviour: 'wait', leaseMs: 1500 })
    await one.until('the middle', () => one.running())
    one.hanging = true
    await one.until('its end', () => one.record()?.status === 'ended')
    await one.done()
    expect([one.finished, one.proofs, one.released]).toEqual([[], [], []])
  })

  it('continues where the server is back in time', async () => {
    await using one = await served({ behaviour: 'wait', leaseMs: 20_000 })
    await one.until('the middle', () => one.running())
    one.away = true
    const { renewals } = one
    await one.until('some calls in vain', () => one.unanswered > 5)
    one.away = false
    await one.until('a renewal', () => one.renewals > renewals + 3)
    expect(one.record()?.status).toBe('running')
  })
})

describe('a run that somebody else stops', () => {
  it('is no verdict: its lease runs out', async () => {
    await using one = await served({ behaviour: 'wait' })
    await one.until('the middle', () => one.running())
    process.kill(one.record()?.process.pid ?? 0, 'SIGTERM')
    await one.until('its end', () => one.record()?.status === 'ended')
    await one.done()
    expect([one.finished, one.proofs, one.released]).toEqual([[], [], []])
  })

  it('is taken down by gc when it was killed', async () => {
    await using one = await served({ behaviour: 'wait' })
    await one.until('the middle', () => one.running())
    process.kill(one.record()?.process.pid ?? 0, 'SIGKILL')
    await one.until('the end', () => one.finished.length === 1)
    expect(one.finished).toEqual([{ exitCode: null, ended: 'itself', words: '', teardown: 'clean' }])
  })
})

describe('a run whose node of the Swarm was lost', () => {
  it('is left to the next attempt: its lease runs out', async () => {
    await using one = await served({ behaviour: 'lost-node' })
    await one.until('its end', () => one.record()?.status === 'ended')
    await one.done()
    expect([one.finished, one.proofs, one.released]).toEqual([[], [], []])
  })

  it('is told on the second attempt: the recipe may be what takes nodes down', async () => {
    await using one = await served({ behaviour: 'lost-node', attempt: 2 })
    await one.until('the end', () => one.finished.length === 1)
    expect(one.finished[0]).toMatchObject({ ended: 'itself', exitCode: 0 })
  })
})

describe('a run without measure', () => {
  it('is ended when its time and that of its teardown are over', async () => {
    await using one = await served({ behaviour: 'deaf', timeoutMs: 10_000, limits: { teardownMs: 500, killMs: 100 } })
    await one.until('the end', () => one.finished.length === 1)
    expect(one.finished[0]).toMatchObject({ ended: 'deadline', exitCode: null, teardown: 'clean' })
  })

  it('is ended when it prints without end, and costs no memory', async () => {
    const limits = { teardownMs: 200, outputBytes: 64 * 1024 ** 2 }
    await using one = await served({ behaviour: 'flood', limits })
    await one.until('the end', () => one.finished.length === 1)
    expect(one.finished[0]).toMatchObject({ ended: 'output', exitCode: null, teardown: 'clean' })
    expect(one.finished[0]?.words).toHaveLength(2000)
  })
})

describe('a worker that drains', () => {
  it('gives a run back when it is told so, with nothing of it left', async () => {
    await using one = await served({ behaviour: 'wait' })
    await one.until('the middle', () => one.running())
    one.drain.abort()
    one.releasing.abort()
    await one.done()
    expect(one.released).toEqual([one.held[0]?.folder])
    expect(one.finished).toEqual([])
    expect(existsSync(join(one.state, 'runs', one.held[0]?.folder ?? ''))).toBe(false)
  })

  it('takes no other run, and ends those it has', async () => {
    await using one = await served({ behaviour: 'pass', runs: 5 })
    await one.until('a run', () => one.held.length >= 1)
    one.drain.abort()
    await one.done()
    expect(one.finished).toHaveLength(one.held.length)
    expect(readdirSync(join(one.state, 'runs'))).toHaveLength(one.held.length)
  })

  it('gives back what still continues after its deadline', async () => {
    await using one = new Served({ behaviour: 'wait' })
    await one.start(300)
    await one.until('the middle', () => one.running())
    await one.done()
    expect(one.released).toHaveLength(1)
  })
})

describe('a worker’s disk', () => {
  it('keeps the newest folders that the server has too, and no more', async () => {
    const limits = { folders: { ...FOLDER_LIMITS, count: 2 } }
    await using one = await served({ behaviour: 'pass', sharesFolder: false, runs: 4, limits })
    await one.until('the ends', () => one.finished.length === 4)
    await one.done()
    expect(readdirSync(join(one.state, 'runs'))).toHaveLength(2)
  })

  it('is the server’s business where the folder is', async () => {
    await using one = await served({ behaviour: 'pass', runs: 2, limits: { folders: { ...FOLDER_LIMITS, count: 0 } } })
    await one.until('the ends', () => one.finished.length === 2)
    await one.done()
    expect(readdirSync(join(one.state, 'runs'))).toHaveLength(2)
  })

  it('is short: it makes room, takes nothing and says why', async () => {
    let free = 5 * 1024 ** 3
    await using one = await served({ behaviour: 'pass', sharesFolder: false, runs: 1, freeDisk: async () => free })
    await one.until('the end', () => one.finished.length === 1)
    const [first] = one.held.splice(0)
    one.held.length = 1
    free = 1024 ** 3
    await one.until('the trouble', () => one.troubles.length > 1)
    expect(one.troubles[0]).toBe('1 GiB of disk are free, 2 GiB are needed: no run is begun')
    const room = { freeBytes: 1024 ** 3, sizeBytes: 100 * 1024 ** 3 }
    expect(one.disks).toEqual({ runs: room, images: room })
    // The end is told before the run's last calls are over, and until then its folder is in use: a later round takes it.
    await one.until('its folder to go', () => !existsSync(join(one.state, 'runs', first?.folder ?? '')))
    one.held.length = 0
    free = 5 * 1024 ** 3
    await one.until('another end', () => one.finished.length === 2)
  })
})

describe('images of runs', () => {
  const pruned = (one: Served) => {
    const file = join(one.state, 'images-pruned')
    return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : []
  }

  it('are pruned by their limits before the first run, and then now and then', async () => {
    await using one = await served({ behaviour: 'pass', runs: 2, limits: { imagesMs: 3_600_000 } })
    await one.until('the ends', () => one.finished.length === 2)
    await one.done()
    expect(pruned(one)).toEqual(['limits'])
  })

  it('go, all that nobody uses, where the disk is short, and the worker continues by itself when that has made room', async () => {
    let made = () => false
    const freeDisk = async () => (made() ? 5 : 1) * 1024 ** 3
    await using one = await served({ behaviour: 'pass', runs: 1, freeDisk, limits: { imagesShortMs: 60_000 } })
    made = () => pruned(one).includes('0')
    await one.until('the end', () => one.finished.length === 1)
    expect(one.finished).toMatchObject([{ exitCode: 0 }])
    expect(pruned(one)).toEqual(['0'])
  })
})

describe('a source that is not to be had', () => {
  const failing = async (code: string, times: number, limits: ServedOptions['limits'] = {}) => {
    const one = new Served({ behaviour: 'pass', limits })
    let left = times
    one.noSource = () => (left-- > 0 ? new InfraError(code, `${code}, says git`) : null)
    await one.start()
    await one.until('the end', () => one.finished.length === 1)
    return one
  }

  it('is asked for again while the forge may come back', async () => {
    await using one = await failing('git-failed', 2)
    expect(one.finished).toMatchObject([{ exitCode: 0, ended: 'itself' }])
  })

  it('ends the run when the forge does not, and at once when there is no such commit', async () => {
    await using one = await failing('git-failed', 1000, { sourceMs: 500 })
    expect(one.finished).toMatchObject([{ exitCode: null, ended: 'itself', words: 'git-failed, says git' }])
    await using other = await failing('commit-not-found', 1)
    expect(other.finished).toMatchObject([{ exitCode: null, words: 'commit-not-found, says git', teardown: 'none' }])
  })
})
