import type { DeployerName } from '../deploy/names.ts'
import { EXIT } from '../lib/errors.ts'
import { stateDir } from '../machine/state-dir.ts'
import { doctor } from '../machine/up.ts'
import { doctorOfAbra } from './doctor-abra.ts'
import type { StateOption } from './program/options.ts'
import { imagesPart } from './support/images-part.ts'

export interface DoctorOptions extends StateOption {
  readonly json?: boolean
  readonly deployer?: DeployerName
}

const SIGNS = { ok: 'ok', missing: 'MISSING', impossible: 'CANNOT' } as const

/** `cc-ci doctor`: what a run needs, what was found, how to fix the rest. Exit 3 when something is missing. */
export async function doctorCommand(options: DoctorOptions): Promise<number> {
  if (options.deployer === 'abra') return doctorOfAbra(options)
  const rows = await doctor({ extra: [imagesPart(stateDir(options.state))] })
  if (options.json) process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`)
  else
    for (const { state, title, detail, remedy } of rows)
      process.stdout.write(
        `${SIGNS[state].padEnd(9)}${title.padEnd(22)}${detail}\n${remedy ? `         ${remedy}\n` : ''}`,
      )
  return rows.every(({ state }) => state === 'ok') ? EXIT.pass : EXIT.unverified
}
