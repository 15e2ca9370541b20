import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Engine } from '../../engine/client.ts'
import { generateSecret } from '../../recipe/secrets/secret-value.ts'
import { cause } from '../../verdict/causes.ts'
import { DeployFailure } from '../deploy-failure.ts'
import type { Release } from '../deployer.ts'
import { absentSecrets } from '../native/secrets.ts'
import type { AbraHome } from './home.ts'
import { type AbraProgram, callAbraOk } from './program.ts'

const DEADLINE_MS = 60_000

interface Inserting {
  readonly home: AbraHome
  readonly program: AbraProgram
  readonly mask: (text: string) => string
  readonly signal: AbortSignal
  readonly onSecret: (value: string, name: string) => void
}

/**
 * Has abra create the secrets that are not there yet, each from a file that is gone right after: no value is ever an argument, or printed. `onSecret` gets each before that
 * file exists. Throws DeployFailure `secret-missing` before any is made.
 */
export async function insertSecrets(
  engine: Engine,
  release: Release,
  { home, program, mask, signal, onSecret }: Inserting,
): Promise<void> {
  const { app, added } = release
  const absent = (await absentSecrets(engine, release)).map((spec) => ({ spec, ...nameForAbra(spec.name, app.stack) }))
  for (const { spec, name, version } of absent) {
    const value = added.secretValues.get(spec.key) ?? generateSecret(spec)
    onSecret(value, spec.name)
    const file = join(home.dir, 'secret')
    try {
      await writeFile(file, value, { mode: 0o600, flag: 'wx' })
      const args = [app.domain, name, version, file]
      await callAbraOk(program, 'secret-insert', { dir: home.dir, args, timeoutMs: DEADLINE_MS, signal, mask })
    } finally {
      await rm(file, { force: true })
    }
  }
}

/** abra makes the full name of stack, name and version, and no other. Throws DeployFailure `secret-missing`. */
export function nameForAbra(full: string, stack: string): { readonly name: string; readonly version: string } {
  const [, name, version] =
    /^([A-Za-z0-9_.-]*[A-Za-z0-9])_([A-Za-z0-9.-]+)$/.exec(
      full.startsWith(`${stack}_`) ? full.slice(stack.length + 1) : '',
    ) ?? []
  if (name && version) return { name, version }
  throw new DeployFailure(
    cause('secret-missing', `abra can create no secret of the name ${full}`, {
      hint: `Name it \${STACK_NAME}_NAME_\${SECRET_NAME_VERSION}: abra makes secrets of that form alone, and none without a version.`,
    }),
  )
}
