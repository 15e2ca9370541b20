import { createRoute, type RouteConfig, type z } from '@hono/zod-openapi'
import { failure } from './schemas.ts'

/** JSON with this shape, as the description of an answer or a body. */
export function json<T extends z.ZodType>(schema: T, description: string) {
  return { description, content: { 'application/json': { schema } } } as const
}

/** A body that must be there. */
export function body<T extends z.ZodType>(schema: T) {
  return { required: true, content: { 'application/json': { schema } } } as const
}

/** A body that may be left out: then every field has its default. What the route reads of it may be undefined. */
export function optionalBody<T extends z.ZodType>(schema: T) {
  return { required: false, content: { 'application/json': { schema } } } as const
}

/** Who may: the header that a changing call needs; a session of a browser does as well. */
export const OPERATOR = [{ operatorToken: [] }]

const REFUSALS = {
  400: 'The order is not understood',
  401: 'The operator token is missing or wrong',
  403: 'A session without its own token, or from another site',
  404: 'There is no such thing',
  409: 'It is there already, or does not fit what is there',
  413: 'The body is too large',
  415: 'The body is compressed',
  429: 'Too many requests: Retry-After says when to come again',
  500: 'cc-ci failed',
  502: 'The forge refused or is not understood',
  503: 'The database or the forge does not answer: try again',
} as const

/** A route with all its refusals described. */
export function route<const P extends string, const R extends Omit<RouteConfig, 'path'> & { path: P }>(config: R) {
  const reading = config.method === 'get'
  const own = Object.entries(REFUSALS).filter(([status]) => !reading || !['409', '413', '415'].includes(status))
  const refusals = Object.fromEntries(own.map(([status, text]) => [status, json(failure, text)])) as object
  return createRoute({ ...config, responses: { ...refusals, ...config.responses } } as R)
}
