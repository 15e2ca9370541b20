import { z } from 'zod'
import { secretValuesOf } from '../../config/secret-names.ts'
import { cause } from '../../verdict/causes.ts'
import { type RunContext, TierStop } from '../context.ts'
import type { RunPlan } from '../plan.ts'
import { refine } from '../planning/refine.ts'
import type { TierReporter } from '../reporter.ts'
import { bringUpDeps } from './deps.ts'
import { callFunction } from './function.ts'
import { runInstallSteps } from './install-steps.ts'

const envShape = z.record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/), z.union([z.string(), z.number(), z.boolean()]))

/**
 * What comes before the one deployment, in this order: dependencies, install-steps.sh, `env` as a function. What they give becomes the
 * app's environment and secrets, and with it the plan's releases are resolved again: that plan is what continues from here.
 */
export async function prepareApp(context: RunContext, reporter: TierReporter): Promise<RunPlan> {
  await bringUpDeps(context, reporter)
  const steps = await runInstallSteps(context, reporter)
  const env = await envFrom(context, reporter, 'env')
  const authority = [...context.resources.deps.provided.values()].flatMap(({ authority }) => authority ?? [])
  const added = { ...steps.env, ...env }
  if (Object.keys(added).length + Object.keys(steps.secrets).length + authority.length === 0) return context.plan
  for (const value of [...Object.values(steps.secrets), ...secretValuesOf(added)]) context.masker.add(value)
  return refine(context.plan, { env: added, secrets: steps.secrets, authority: [...new Set(authority)] })
}

/** `upgrade.env` as a function, called when the base runs. Gives the plan to continue with. */
export async function prepareUpgrade(context: RunContext, reporter: TierReporter): Promise<RunPlan> {
  const env = await envFrom(context, reporter, 'upgrade.env')
  return Object.keys(env).length > 0 ? refine(context.plan, { upgradeEnv: env }) : context.plan
}

async function envFrom(
  context: RunContext,
  reporter: TierReporter,
  name: 'env' | 'upgrade.env',
): Promise<Record<string, string>> {
  const called = await callFunction(context, reporter, name)
  if (!called.called) return {}
  const parsed = envShape.safeParse(called.value)
  if (parsed.success) return Object.fromEntries(Object.entries(parsed.data).map(([key, value]) => [key, String(value)]))
  // Names and kinds only: a value may be a secret that nobody knows of yet.
  const wrong = parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'the whole'}: ${message}`)
  const why = cause(
    'hook-failed',
    `${name} gave back something that is no record of texts: ${wrong.join('; ').slice(0, 500)}`,
    {
      hint: 'Return an object of environment names to values: { SMTP_HOST: ctx.deps.smtp.host }.',
    },
  )
  throw new TierStop({ id: 'function', subject: name }, why)
}
