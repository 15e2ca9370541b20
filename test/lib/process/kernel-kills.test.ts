// cspell:ignore memcg nodemask veth
import { expect, test } from 'vitest'
import { refusalsIn } from '../../../src/lib/process/fork-refusals.ts'
import { killsIn, machineKills } from '../../../src/lib/process/kernel-kills.ts'
import { kernelRecords, recordsIn } from '../../../src/lib/process/kernel-log.ts'

const killed = (us: number, constraint: string, task: string) =>
  `6,1200,${us},-;oom-kill:constraint=CONSTRAINT_${constraint},nodemask=(null),cpuset=/,mems_allowed=0,task_memcg=/docker/0a,task=${task},pid=77,uid=0`

test('the kernel’s log tells whom it killed because the machine, not a group, had no memory left', () => {
  const log = [
    '6,1199,1000000,-;br0: port 4(veth4) entered disabled state',
    killed(2_000_000, 'MEMCG,oom_memcg=/docker/0a', 'eats'),
    killed(3_000_000, 'NONE,global_oom', 'java'),
    killed(4_000_000, 'MEMORY_POLICY,global_oom', 'a, b=c'),
    '4,1201,5000000,-;oom-kill:constraint=CONSTRAINT_NONE',
  ].join('\n')
  expect(killsIn(recordsIn(log, 1_000_000))).toEqual([
    { at: 1_003_000, program: 'java' },
    { at: 1_004_000, program: 'a, b=c' },
  ])
})

test('and whom it refused one more process, because a group had as many as it may have', () => {
  const log = [
    '6,1199,1000000,-;cgroup: fork rejected by pids controller in /docker/0a1b',
    '6,1200,2000000,-;cgroup: fork rejected by pids controller in /system.slice/docker-2c.scope',
    "6,1201,3000000,-;x: cgroup: fork rejected by pids controller in /docker/program's own words",
  ].join('\n')
  expect(refusalsIn(recordsIn(log, 0))).toEqual([
    { at: 1000, group: '/docker/0a1b' },
    { at: 2000, group: '/system.slice/docker-2c.scope' },
  ])
})

test('what was before is none of it', () => {
  const booted = kernelRecords(0)
  expect(kernelRecords(Date.now() + 60_000)).toEqual([])
  expect(machineKills(Date.now() + 60_000)).toEqual([])
  for (const { at } of booted) expect(at).toBeLessThanOrEqual(Date.now() + 1000)
})
