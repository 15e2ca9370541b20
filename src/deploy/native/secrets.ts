import { type Engine, RUN_LABEL, STACK_LABEL } from '../../engine/client.ts'
import { generateSecret } from '../../recipe/secret-value.ts'
import { cause } from '../../verdict/causes.ts'
import { DeployFailure } from '../deploy-failure.ts'
import type { Release } from '../deployer.ts'

/**
 * Creates the secrets that are not there yet; those of an earlier version of the app keep their values. `onSecret` gets each value before it
 * leaves this process. Throws DeployFailure `secret-missing` for one that must be inserted by hand and was not, before any is made.
 */
export async function createSecrets(
  engine: Engine,
  release: Release,
  onSecret: (value: string) => void,
): Promise<void> {
  const { app, secrets } = release
  const there = new Set((await engine.objects.list('secret')).map(({ name }) => name))
  const absent = secrets.filter(({ name }) => !there.has(name))
  const manual = absent.filter(({ generate }) => !generate)
  if (manual.length > 0) {
    const names = manual.map(({ name }) => name).join(', ')
    throw new DeployFailure(cause('secret-missing', `inserted by hand only, and not there: ${names}`))
  }
  for (const spec of absent) {
    const value = generateSecret(spec)
    onSecret(value)
    await engine.objects.createSecret(spec.name, value, { [STACK_LABEL]: app.stack, [RUN_LABEL]: app.runId })
  }
}
