import { z } from 'zod'
import { formatDuration, parseDuration } from '../lib/text/duration.ts'

const SECOND = 1000
const MAX_DURATION = 2 * 3600 * SECOND
const MEBIBYTE = 1024 ** 2
const MAX_MEMORY = 64 * 1024 * MEBIBYTE
const UNITS = { k: 1024, m: MEBIBYTE, g: 1024 * MEBIBYTE } as const

/** Written `90s` or `1h30m`, held in milliseconds. */
export const duration = z
  .string()
  .max(40)
  .regex(/^(\d+(\.\d+)?(ms|s|m|h))+$/, 'a duration such as 90s or 10m')
  .meta({ title: 'duration' })
  .transform(parseDuration)
  .refine((ms) => ms >= SECOND && ms <= MAX_DURATION, 'a duration from 1s to 2h')

/** A duration that may only lengthen what it replaces. */
export function durationFrom(leastMs: number) {
  return duration.refine((ms) => ms >= leastMs, `a duration from ${formatDuration(leastMs)} to 2h`)
}

/** Written `512m` or `2g`, held in bytes. */
export const memory = z
  .string()
  .max(20)
  .regex(/^\d+(\.\d+)?[kmg]$/, 'a size such as 512m or 2g')
  .meta({ title: 'size' })
  .transform((text) => Math.round(Number.parseFloat(text) * UNITS[text.slice(-1) as keyof typeof UNITS]))
  .refine((bytes) => bytes >= 16 * MEBIBYTE && bytes <= MAX_MEMORY, 'a size from 16m to 64g')

/** `//elsewhere/` and `/\elsewhere/` are addresses of another host. */
export const urlPath = z
  .string()
  .regex(/^\/(?![\\/])\S*$/, 'a path that begins with / and not with //')
  .max(2000)
  .meta({ title: 'path of a URL' })

export const statuses = z.array(z.int().min(100).max(599)).min(1).max(100)

const VARIABLE = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'an environment variable name')
  .max(200)

export const environment = z.record(VARIABLE, z.string().max(32 * 1024))

const serviceName = z
  .string()
  .regex(/^[A-Za-z0-9][\w.-]*$/, 'the name of a service')
  .max(63)
  .meta({ title: 'service' })

const port = z.int().min(1).max(65_535)
const datagram = z
  .string()
  .max(1024)
  .regex(/^([0-9a-f]{2})+$/i, 'the bytes of a datagram in hexadecimal digits')
  .meta({ title: 'bytes in hexadecimal digits' })
const argv = z.array(z.string().max(4096)).min(1).max(100)
const contains = z.string().min(1).max(1000)
const timeout = duration.optional()

/** Exactly one way to ask, and how long to keep asking. */
export const probe = z.union([
  z.strictObject({ tcp: z.strictObject({ service: serviceName, port }), timeout }),
  z.strictObject({ udp: z.strictObject({ service: serviceName, port, send: datagram.optional() }), timeout }),
  z.strictObject({
    http: z.strictObject({ path: urlPath, status: statuses.optional(), contains: contains.optional() }),
    timeout,
  }),
  z.strictObject({ exec: z.strictObject({ service: serviceName, argv }), timeout }),
  z.strictObject({ log: z.strictObject({ service: serviceName, contains }), timeout }),
])

/** What a snapshot must hold. */
export const backupRule = z.strictObject({
  volume: z
    .string()
    .regex(/^[A-Za-z0-9][\w.-]*$/, 'the name of a volume as in compose.yml')
    .max(200),
  path: z
    .string()
    .regex(/^(?!\/)(?!(.*\/)?\.\.(\/|$)).+$/, 'a path inside the volume, without a slash in front')
    .max(1000),
  minBytes: z
    .int()
    .min(1)
    .max(2 ** 50)
    .optional(),
  contains: contains.optional(),
})

/** `route:DOMAIN/admin`, `port:8448/tcp`, `http`, `backup`, `volume:cache`. */
export const removedSubject = z
  .string()
  .regex(
    /^(http|backup|(route|rule|port|volume|database|backup):.+)$/,
    'a subject such as route:DOMAIN/admin or port:8448/tcp',
  )
  .max(1000)
  .meta({ title: 'subject' })

/** `volume:data`, `volume:data/app.db`, `postgres:db`, `mariadb:db`, `redis:cache`. */
export const witnessSubject = z
  .string()
  .regex(/^[a-z]+:[A-Za-z0-9][\w./-]*$/, 'a subject such as volume:data or postgres:db')
  .max(300)
  .meta({ title: 'subject' })

/** A test that decides nothing for a while. */
export const quarantineEntry = z
  .strictObject({
    file: z
      .string()
      .regex(/^(cc-ci|operator)\/tests\/.+\.spec\.ts$/, 'a file of tests such as cc-ci/tests/custom/login.spec.ts')
      .max(500),
    test: z.string().trim().min(1).max(500),
    reason: z.string().trim().min(3, 'a reason').max(500),
    expires: z
      .string()
      .regex(/^\d{4}-\d\d-\d\d$/, 'a day such as 2027-01-31')
      .refine((day) => !Number.isNaN(Date.parse(day)), 'a day such as 2027-01-31'),
  })
  .meta({ title: 'quarantined test' })
