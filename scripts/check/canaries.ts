import { canaryProblems } from '../../src/canaries/coverage.ts'
import { CANARIES } from '../../src/canaries/set/index.ts'

/** Fails when a cause has no canary: nobody would know whether it is ever found. */
const problems = canaryProblems(CANARIES)
for (const problem of problems) process.stdout.write(`${problem}\n`)
process.exitCode = problems.length === 0 ? 0 : 1
