import { hook } from '../row.ts'

/** Code before an operation. */
export const hookRows = {
  'hooks.preInstall': hook({
    earlier: 'pre_install',
    what: 'Runs before the one deployment, when nothing of the app is there yet: no `ctx.exec`.',
    example: '(ctx) => ctx.log(ctx.domain)',
  }),
  'hooks.preUpgrade': hook({
    earlier: 'pre_upgrade',
    what: 'Runs against the app of the base before it is upgraded.',
    example: `async (ctx) => {
  await ctx.exec('app', ['app-cli', 'maintenance', 'on'])
}`,
  }),
  'hooks.preBackup': hook({
    earlier: 'pre_backup',
    what: 'Runs before the backup, with its hooks, is made.',
    example: `async (ctx) => {
  await ctx.exec('app', ['app-cli', 'seed', 'a note'])
}`,
  }),
  'hooks.preRestore': hook({
    earlier: 'pre_restore',
    what: 'Runs before the data is destroyed and restored.',
    example: `async ({ exec }) => {
  await exec('app', ['app-cli', 'delete-all'])
}`,
  }),
}
