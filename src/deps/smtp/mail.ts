import { z } from 'zod'
import type { EngineExecResult } from '../../engine/types.ts'
import { InfraError } from '../../lib/errors.ts'
import type { ProviderHost } from '../provider.ts'

const EXEC_DEADLINE_MS = 20_000

/** One mail that the app sent. */
const message = z.object({
  /** Sender and receivers as the server was told them, not as the headers say. */
  from: z.string(),
  to: z.array(z.string()),
  subject: z.string(),
  date: z.string(),
  /** Null when the mail has no such part. */
  text: z.string().nullable(),
  html: z.string().nullable(),
})

export type MailMessage = z.infer<typeof message>

/** What the sink has, oldest first: the newest hundred, and of those as many as fit into 900 kB. */
export async function messagesOf(host: ProviderHost, name: string): Promise<MailMessage[]> {
  const { stdout } = await inSink(host, name, ['python3', '/sink.py', 'list'])
  return z.array(message).parse(JSON.parse(stdout))
}

export async function clearSink(host: ProviderHost, name: string): Promise<null> {
  await inSink(host, name, ['python3', '/sink.py', 'clear'])
  return null
}

/** Throws InfraError `dep-unhealthy` when it does not listen. */
export async function checkSink(host: ProviderHost, name: string): Promise<void> {
  if (await looksOpen(host, name)) return
  throw new InfraError('dep-unhealthy', `the mail sink ${name} does not listen (any more)`)
}

/** Whether it greets as a mail server does. */
export async function looksOpen(host: ProviderHost, name: string): Promise<boolean> {
  const greet = "import smtplib; smtplib.SMTP('127.0.0.1', 1025, timeout=5).noop()"
  return (await exec(host, name, ['python3', '-c', greet])).exitCode === 0
}

async function inSink(host: ProviderHost, name: string, argv: readonly string[]): Promise<EngineExecResult> {
  const result = await exec(host, name, argv)
  if (result.exitCode === 0) return result
  throw new InfraError('dep-unhealthy', `the mail sink ${name} did not answer: ${result.stderr.slice(-300)}`)
}

function exec({ engine, signal }: ProviderHost, name: string, argv: readonly string[]): Promise<EngineExecResult> {
  return engine.exec(name, argv, { timeoutMs: EXEC_DEADLINE_MS, signal, maxBytes: 2 * 1024 * 1024 })
}
