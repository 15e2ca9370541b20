import type { HostileCases } from '../case.ts'
import { ANSWERS } from './answers.ts'
import { CODE } from './code.ts'
import { DISK } from './disk.ts'
import { MEMORY } from './memory.ts'
import { NEIGHBOURS } from './neighbours.ts'
import { PROCESSES } from './processes.ts'
import { READING } from './reading.ts'
import { STORAGE } from './storage.ts'

/** All of them; those that take longest first. */
export const HOSTILE_CASES: HostileCases = {
  ...STORAGE,
  ...PROCESSES,
  ...ANSWERS,
  ...MEMORY,
  ...DISK,
  ...CODE,
  ...NEIGHBOURS,
  ...READING,
}
