import { takePicture } from './browser/take-picture.ts'
import { setDefaults } from './defaults.ts'
import { SandboxError } from './errors/sandbox-error.ts'
import { describeThrown } from './errors/thrown.ts'
import { findHook } from './hooks/find-hook.ts'
import { hookCtx } from './hooks/hook-ctx.ts'
import { dataFrom } from './hooks/return-value.ts'
import { call } from './rpc/rpc.ts'

/**
 * `node hook.ts FILE NAME`: calls the function at the dotted NAME of a settings file with its `ctx`, and sends what it gave back as `return`,
 * or, with exit code 1, its error as `threw`. With CC_CI_SCREENSHOT the function gets a page before the `ctx`, and that file gets the picture.
 * A program that ends without either has been ended by the hook.
 */
async function main(file: string, name: string): Promise<void> {
  const stop = new AbortController()
  process.once('SIGTERM', () => stop.abort(new SandboxError('hook-stopped', `the time of ${name} is over`)))
  const hook = await findHook(file, name)
  const { ctx, flush } = await hookCtx(stop.signal)
  const picture = process.env.CC_CI_SCREENSHOT
  const value = picture ? await takePicture(hook, ctx, picture).then(() => null) : await hook(ctx)
  await flush()
  await call('return', { value: dataFrom(name, value) })
  process.exit(0)
}

function fail(error: unknown): void {
  call('threw', describeThrown(error)).then(
    () => process.exit(1),
    (lost: unknown) => {
      console.error(error)
      console.error(lost)
      process.exit(1)
    },
  )
}

/** Settings files have no package.json beside them; that Node looks at their syntax is no news. */
function silenceModuleWarning(): void {
  process.removeAllListeners('warning')
  process.on('warning', (warning: Error & { code?: string }) => {
    if (warning.code !== 'MODULE_TYPELESS_PACKAGE_JSON') console.error(`${warning.name}: ${warning.message}`)
  })
}

const [file = '', name = ''] = process.argv.slice(2)
setDefaults()
silenceModuleWarning()
process.on('uncaughtException', fail)
process.once('beforeExit', () => fail(new SandboxError('never-ends', `${name} waits for something that never comes`)))
main(file, name).catch(fail)
