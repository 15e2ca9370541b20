import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Disturbance } from '../canary.ts'

/** Says that it is the abra that cc-ci knows, takes secrets, and ends every deployment with words that nobody knows. */
const PROGRAM = `#!/bin/sh
case "$1 $2" in
"--version ") echo "abra version 0.13.0-beta-06a57de" ;;
"app deploy") echo "FATA the moon is in the wrong house"; exit 1 ;;
"app undeploy") echo "FATA $3 is not deployed"; exit 1 ;;
*) echo "INFO done" ;;
esac
`

/** The operators' client fails in a way that no table has. */
export const strangeAbra: Disturbance = {
  what: "the operators' client ends with words that cc-ci does not know",
  prepare({ dir, env, args }) {
    const file = join(dir, 'abra')
    writeFileSync(file, PROGRAM, { mode: 0o755 })
    env.CC_CI_ABRA = file
    args.push('--deployer', 'abra')
  },
}
