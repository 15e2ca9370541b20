import { defineRecipe } from 'cc-ci'
import { RUN, WRITE_RUN } from './a-run.ts'
import { call } from './api.ts'

export default defineRecipe({
  health: { path: '/readyz', status: [200] },
  timeouts: { deploy: '5m', http: '2m' },
  notApplicable: { integration: 'cc-ci brings no forge as a dependency' },
  hooks: {
    preUpgrade: async (ctx) => {
      const { status } = await call(ctx, 'POST', '/workers', { name: 'kept' })
      if (status !== 201) throw new Error(`the worker was not let in: ${status}`)
      // The server knows nothing of this folder until it starts anew.
      await ctx.exec('app', ['node', '-e', WRITE_RUN])
    },
    preRestore: async (ctx) => {
      const { status } = await call(ctx, 'DELETE', '/workers/kept')
      if (status !== 204) throw new Error(`the worker was not shut out: ${status}`)
      await ctx.exec('app', ['rm', '-r', `/var/lib/cc-ci/runs/${RUN}`])
    },
  },
})
