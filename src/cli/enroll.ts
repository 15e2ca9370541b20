import { z } from 'zod'
import { EXIT, UsageError } from '../lib/errors.ts'
import { choicesIn, type EnrollmentOrder, enrollmentShape } from '../server/enrollments/enrollment.ts'
import { ServerClient, type ServerOptions } from './support/server-client.ts'

export interface EnrollOptions extends ServerOptions, Omit<EnrollmentOrder, 'name' | 'memoryBytes'> {
  /** Bytes. */
  readonly memory?: number
  readonly list?: boolean
  readonly remove?: boolean
  readonly json?: boolean
}

const listShape = z.object({
  enrolments: z.array(enrollmentShape.extend({ mirror: z.object({ text: z.string().nullable() }).nullish() })),
})
const madeShape = z.object({
  enrolment: enrollmentShape,
  paste: z
    .object({
      url: z.string(),
      contentType: z.string(),
      events: z.array(z.string()),
      page: z.string(),
      secret: z.string(),
    })
    .nullable(),
})

/** `cc-ci enroll`: which repositories a server listens to; no restart. */
export async function enrollCommand(name: string | undefined, options: EnrollOptions): Promise<number> {
  const client = new ServerClient(options)
  if (options.list) return list(client, options.json === true)
  if (name === undefined)
    throw new UsageError('no-name', 'nothing to enroll is named', {
      hint: 'Say ORG/REPO, or ORG for all of it; --list shows what is enrolled.',
    })
  if (options.remove) {
    await client.call(z.null(), 'DELETE', `/enrolments/${encodeURIComponent(name)}`)
    process.stdout.write(`${name} is no longer listened to; its runs stay\n`)
    return EXIT.pass
  }
  const order: EnrollmentOrder = { name, ...choicesIn({ ...options, memoryBytes: options.memory }) }
  const made = await client.call(madeShape, 'POST', '/enrolments', order)
  process.stdout.write(options.json ? `${JSON.stringify(made, null, 2)}\n` : formatMade(made))
  return EXIT.pass
}

function formatMade({ enrolment, paste }: z.infer<typeof madeShape>): string {
  const head = `${enrolment.name} is enrolled: comments \`!testme\` on its pull requests are answered\n`
  if (!paste) return `${head}webhook ${enrolment.webhook} was made\n`
  return `${head}The token may not make a webhook. Until somebody does, comments are found by polling. Paste this at
  ${paste.page}
  Target URL     ${paste.url}
  Method         POST, ${paste.contentType}
  Secret         the value of ${paste.secret}
  Events         ${paste.events.join(', ')}
`
}

async function list(client: ServerClient, json: boolean): Promise<number> {
  const found = await client.call(listShape, 'GET', '/enrolments')
  if (json) process.stdout.write(`${JSON.stringify(found, null, 2)}\n`)
  else if (found.enrolments.length === 0) process.stdout.write('nothing is enrolled\n')
  else
    for (const { name, at, by, webhook, mirrorOf, mirror } of found.enrolments) {
      const how = webhook === null ? 'polled' : `webhook ${webhook}`
      const upstream = mirrorOf ? `  mirrors ${mirrorOf}${mirror?.text ? ` (${mirror.text})` : ''}` : ''
      process.stdout.write(`${name.padEnd(32)}  ${at}  by ${by}  ${how}${upstream}\n`)
    }
  return EXIT.pass
}
