// Nothing of this is run: that it compiles is the test.
import type { SettingsInput } from '../../src/config/settings.ts'
import { type Code, type Ctx, defineRecipe, type RecipeConfig } from '../../src/public/index.ts'

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
type Frozen<T> = T extends readonly (infer Item)[]
  ? readonly Frozen<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: Frozen<T[Key]> }
    : T

/** The forms that are data. */
type Data<T> =
  T extends Code<(...args: never[]) => unknown>
    ? never
    : T extends readonly unknown[]
      ? T
      : T extends object
        ? { [Key in keyof T]: Data<T[Key]> }
        : T

const dataIsTheSame: Same<Data<Omit<RecipeConfig, 'hooks'>>, Frozen<SettingsInput>> = true
const andNotAnything: Same<Data<Omit<RecipeConfig, 'hooks' | 'env'>>, Frozen<SettingsInput>> = false

const nothing = defineRecipe({})
const constants = defineRecipe({ health: { status: [200, 401] }, witness: false, deps: ['keycloak'] } as const)
const functions = defineRecipe({
  env: (ctx) => ({ URL: ctx.baseUrl, CLIENT: ctx.deps.keycloak?.clientId ?? '' }),
  upgrade: { env: async () => ({ A: 'b' }) },
  backup: { verify: { run: async (ctx: Ctx) => (await ctx.exec('app', ['true'])).exitCode === 0, timeout: '2m' } },
  ready: async (ctx) => ctx.log('nothing to wait for'),
  screenshot: async (page, ctx) => void (await page.goto(ctx.baseUrl)),
  hooks: { preInstall: () => {}, preBackup: { run: (ctx) => ctx.exec('app', ['true']), onTimeout: 'continue' } },
})

// @ts-expect-error an unknown setting
const unknown = defineRecipe({ healht: { path: '/' } })
// @ts-expect-error an unknown setting of a group
const unknownInner = defineRecipe({ health: { pth: '/' } })
// @ts-expect-error the wrong type
const wrong = defineRecipe({ canonical: 'yes' })
// @ts-expect-error a number is no duration
const noDuration = defineRecipe({ timeouts: { deploy: 600 } })
// @ts-expect-error a rung that is none
const noRung = defineRecipe({ notApplicable: { lint: 'not now' } })
// @ts-expect-error a function where data is due
const noData = defineRecipe({ deps: () => ['keycloak'] })
// @ts-expect-error more parameters than it gets
const tooMany = defineRecipe({ hooks: { preBackup: (ctx: Ctx, more: string) => ctx.log(more) } })
// @ts-expect-error values of the environment are texts
const noText = defineRecipe({ env: () => ({ PORT: 80 }) })
// @ts-expect-error a verdict is due
const noVerdict = defineRecipe({ backup: { verify: async () => 'fine' } })
// @ts-expect-error what happens when the time is over
const noOption = defineRecipe({ hooks: { preBackup: { run: () => {}, onTimeout: 'ignore' } } })
// @ts-expect-error a code of the policy
const noCode = defineRecipe({ policy: { allow: ['everything'] } })
// @ts-expect-error a hook that does not exist
const noHook = defineRecipe({ hooks: { preDeploy: () => {} } })

export const CASES = [
  ...[dataIsTheSame, andNotAnything, nothing, constants, functions, unknown, unknownInner, wrong, noDuration, noRung],
  ...[noData, tooMany, noText, noVerdict, noOption, noCode, noHook],
]
