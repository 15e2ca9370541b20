import { type ProbeRow, probeAbra } from '../deploy/abra/probes.ts'
import { findAbra } from '../deploy/abra/program.ts'
import { ABRA, PINNED } from '../deploy/abra/versions.ts'
import { Engine } from '../engine/client.ts'
import { EXIT } from '../lib/errors.ts'
import { toolboxImage } from '../machine/vips.ts'

const SIGNS = { agrees: 'agrees', differs: 'DIFFERS', 'not run': 'not run' } as const

const BUILT =
  'cc-ci was built against the documentation of abra and is tested with a stand-in: no abra has ever been part of its tests.\nWhat follows is what the abra of this machine does.'

/**
 * `cc-ci doctor --deployer abra`: each fact that the deployer stands on, beside what the abra of this machine does. Exit 0: all that was looked at agrees, and it is the pinned version; 3: not. Throws InfraError
 * where there is no abra.
 */
export async function doctorOfAbra({ json }: { readonly json?: boolean }): Promise<number> {
  const program = await findAbra()
  const engine = await Engine.connect()
  const rows = [
    versionRow(program.version, program.commit),
    ...(await probeAbra(engine, program, await toolboxImage(engine))),
  ]
  if (json) process.stdout.write(`${JSON.stringify({ program, builtAgainst: 'documentation', rows }, null, 2)}\n`)
  else {
    process.stdout.write(`${BUILT}\n\n`)
    for (const { id, result, expects, seen } of rows)
      process.stdout.write(`${SIGNS[result].padEnd(9)}${id.padEnd(16)}${expects}\n${' '.repeat(25)}seen: ${seen}\n`)
  }
  return rows.some(({ result }) => result === 'differs') ? EXIT.unverified : EXIT.pass
}

function versionRow(version: string, commit: string | null): ProbeRow {
  return {
    id: 'version',
    expects: `abra ${PINNED}, of commit ${ABRA.commit}`,
    result: version === PINNED && (commit === null || commit.startsWith(ABRA.commit)) ? 'agrees' : 'differs',
    seen: `${version}${commit === null ? '' : `, of commit ${commit}`}`,
  }
}
