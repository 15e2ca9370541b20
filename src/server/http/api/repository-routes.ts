import { z } from '@hono/zod-openapi'
import { enrollmentName } from '../../enrollments/enrollment.ts'
import { driftText, type MirrorState, readMirrorStates, stateOfMirror } from '../../mirrors/last-seen.ts'
import { HttpError } from '../http-error.ts'
import type { Api } from './api.ts'
import { body, json, OPERATOR, route } from './describe.ts'
import * as shapes from './schemas.ts'

/** Which repositories are listened to, and whose code may run. */
export function addRepositories({ app, services, auth }: Api): void {
  const { store, operations } = services

  const list = route({
    ...{ method: 'get', path: '/api/v1/enrolments', summary: 'Repositories and organisations that are listened to' },
    responses: { 200: json(z.object({ enrolments: z.array(shapes.listedEnrollment) }), 'All of them') },
  })
  app.openapi(list, async (c) => {
    const [enrollments, seen] = await Promise.all([store.enrollments(), readMirrorStates(services.settings.state)])
    return c.json(
      { enrolments: enrollments.map((one) => ({ ...one, mirror: mirrorOf(stateOfMirror(one, seen)) })) },
      200,
    )
  })

  const enroll = route({
    ...{
      method: 'post',
      path: '/api/v1/enrolments',
      summary: 'Enrols a repository or organisation',
      security: OPERATOR,
    },
    request: { body: body(shapes.enrollOrder) },
    responses: {
      201: json(
        z.object({ enrolment: shapes.enrollment, paste: shapes.paste.nullable() }),
        'Enrolled; `paste` is what to enter at the forge by hand where the token may not',
      ),
    },
  })
  app.openapi(enroll, async (c) => {
    const by = auth.operator(c)
    const { enrollment, paste } = await operations.enroll(c.req.valid('json'), by)
    return c.json({ enrolment: enrollment, paste }, 201)
  })

  const withdraw = route({
    ...{ method: 'delete', path: '/api/v1/enrolments/{name}', security: OPERATOR },
    summary: 'Stops listening; a slash in the name is written %2F',
    request: { params: z.object({ name: enrollmentName }) },
    responses: { 204: { description: 'Withdrawn' } },
  })
  app.openapi(withdraw, async (c) => {
    const by = auth.operator(c)
    if (await operations.withdraw(c.req.valid('param').name, by)) return c.body(null, 204)
    throw new HttpError(404, 'no-such-enrolment', 'that is not enrolled')
  })

  const approve = route({
    ...{ method: 'post', path: '/api/v1/approvals', security: OPERATOR },
    summary: 'Lets the code of a repository run, in the sandbox, as it is at one commit, whichever commit has it',
    request: { body: body(shapes.approval) },
    responses: { 204: { description: 'Approved' } },
  })
  app.openapi(approve, async (c) => {
    const by = auth.operator(c)
    const { repository, commit } = c.req.valid('json')
    await operations.approve(repository, commit, by)
    return c.body(null, 204)
  })

  const approved = route({
    ...{
      method: 'get',
      path: '/api/v1/approvals',
      summary: 'Code that may run, newest approval first',
      security: OPERATOR,
    },
    responses: { 200: json(z.object({ approvals: z.array(shapes.approved) }), 'All of them') },
  })
  app.openapi(approved, (c) => {
    auth.operator(c)
    return c.json({ approvals: [...operations.approvals()] }, 200)
  })

  const revoke = route({
    ...{ method: 'delete', path: '/api/v1/approvals', security: OPERATOR },
    summary: 'Takes an approval back, for runs that begin from now on',
    request: { query: shapes.approval },
    responses: { 204: { description: 'Taken back' } },
  })
  app.openapi(revoke, async (c) => {
    const by = auth.operator(c)
    const { repository, commit } = c.req.valid('query')
    if (await operations.revokeApproval(repository, commit, by)) return c.body(null, 204)
    throw new HttpError(404, 'no-such-approval', 'that is not approved')
  })
}

function mirrorOf(seen: MirrorState | null) {
  if (!seen) return null
  const { branch, drift, problem, at } = seen
  return { branch, drift, problem, at, text: driftText(seen) }
}
