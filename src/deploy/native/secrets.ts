import { type Engine, RUN_LABEL, STACK_LABEL } from '../../engine/client.ts'
import type { SecretSpec } from '../../recipe/model.ts'
import { generateSecret } from '../../recipe/secrets/secret-value.ts'
import { type Cause, cause } from '../../verdict/causes.ts'
import { DeployFailure } from '../deploy-failure.ts'
import type { Release } from '../deployer.ts'
import { blameRecipe } from '../refusal.ts'

/** What the engine takes as a name; `blog_db_` is what an empty version leaves. */
const NAME = /^[a-zA-Z0-9](?:[-_.a-zA-Z0-9]*[a-zA-Z0-9])?$/

/**
 * Creates the secrets that are not there yet, with a given value or a generated one; those of an earlier version of the app keep
 * their values. `onSecret` gets each value before it
 * leaves this process. Throws DeployFailure `secret-missing` for one that must be inserted by hand and was not, before any is made.
 */
export async function createSecrets(
  engine: Engine,
  release: Release,
  onSecret: (value: string, name: string) => void,
): Promise<void> {
  const { app, added } = release
  for (const spec of await absentSecrets(engine, release)) {
    const value = added.secretValues.get(spec.key) ?? generateSecret(spec)
    onSecret(value, spec.name)
    const labels = { [STACK_LABEL]: app.stack, [RUN_LABEL]: app.runId }
    await blameRecipe(`the secret ${spec.name}`, () => engine.objects.createSecret(spec.name, value, labels))
  }
}

/** Those that have to be made. Throws DeployFailure `secret-missing` for one that must be inserted by hand and was not, and for one without a version. */
export async function absentSecrets(engine: Engine, { secrets, added }: Release): Promise<readonly SecretSpec[]> {
  const { secretValues } = added
  const there = new Set((await engine.objects.list('secret')).map(({ name }) => name))
  const absent = secrets.filter(({ name }) => !there.has(name))
  const unnamed = absent.find(({ name }) => !NAME.test(name))
  if (unnamed) throw new DeployFailure(withoutVersion(unnamed))
  const manual = absent.filter(({ key, generate }) => !generate && !secretValues.has(key))
  if (manual.length > 0) {
    const names = manual.map(({ name }) => name).join(', ')
    throw new DeployFailure(cause('secret-missing', `inserted by hand only, and not there: ${names}`))
  }
  return absent
}

/** Operators keep their env file through an upgrade: the version of a secret that is new at head is empty there. */
function withoutVersion({ key, name }: SecretSpec): Cause {
  return cause(
    'secret-missing',
    `the secret ${key} gets the name "${name}", which the engine refuses: its version variable is empty`,
    {
      hint: 'An app that is upgraded keeps its env file: give the version a default in compose.yml, or tell operators in the release notes to set it and put it under `upgrade.env` in cc-ci.yml.',
    },
  )
}
