import type { Engine } from '../engine/client.ts'
import { InfraError } from '../lib/errors.ts'
import { codeFiles } from './code-files.ts'
import { INSIDE, type SandboxOptions } from './contract.ts'
import { runtimeFiles } from './runtime-files.ts'
import { tarOf } from './tar-write.ts'

const DEADLINE_MS = 60_000

export interface BoxContents extends Pick<SandboxOptions, 'code' | 'signal'> {
  /** PEM of the authority that signed the gate's certificate. */
  readonly authority: string
}

/**
 * Puts the code of the sides and cc-ci's own into the container, as files of root. From inside, because the engine cannot look into memory
 * file systems; nothing of a stranger runs yet.
 */
export async function fillBox(
  engine: Engine,
  container: string,
  { code, authority, signal }: BoxContents,
): Promise<void> {
  const sides = await Promise.all(
    Object.entries(code).map(([side, folder]) => codeFiles(folder, `${INSIDE.code.slice(1)}/${side}`)),
  )
  const runtime = INSIDE.runtime.slice(1)
  const authorityFile = { path: `${runtime}/gate.pem`, bytes: Buffer.from(authority) }
  const stdin = tarOf([...(await runtimeFiles(runtime)), authorityFile, ...sides.flat()])
  const unpack = ['tar', '--extract', '--no-same-owner', '--same-permissions', '--file=-', '--directory=/']
  const result = await engine.exec(container, unpack, { user: '0', stdin, timeoutMs: DEADLINE_MS, signal })
  if (result.exitCode === 0) return
  throw new InfraError('sandbox-not-filled', `the code could not be put into the sandbox:\n${result.stderr.trim()}`)
}
