import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ProvidedDependency, ProviderHost } from '../../src/deps/provider.ts'
import { smtp } from '../../src/deps/smtp/index.ts'
import type { MailMessage } from '../../src/deps/smtp/mail.ts'
import { docker } from '../../src/engine/docker-cli.ts'
import { providerHost, providerRun } from './support/provider-host.ts'

let host: ProviderHost
let [one, other]: ProvidedDependency[] = []
beforeAll(async () => {
  host = await providerHost()
  await smtp.ensure(host)
  ;[one, other] = await Promise.all([smtp.provide(host, providerRun()), smtp.provide(host, providerRun())])
}, 120_000)
afterAll(async () => void (await Promise.all([one?.release(), other?.release()])))

/** Runs Python in a container on `proxy`, as an app would send: with `server` connected and `mail(subject, text)` at hand. */
async function send(script: string): Promise<string> {
  const { host: name, port } = one?.credentials ?? {}
  const prelude = `
import smtplib
from email.message import EmailMessage
def mail(subject, text):
  m = EmailMessage(); m['From'] = 'Robin <robin@example.org>'; m['To'] = 'kim@example.net'; m['Subject'] = subject
  m.set_content(text)
  return m
server = smtplib.SMTP('${name}', ${port}, timeout=10)
`
  const run = ['run', '--rm', '--network', 'proxy', 'cc-ci/smtp-sink:1', 'python3', '-c', `${prelude}${script}`]
  return (await docker(run, { timeoutMs: 60_000 })).stdout
}

const messages = async (sink = one) => (await sink?.calls.messages?.({})) as MailMessage[]

test('a mail is kept with its envelope and both its texts, for its own run alone', async () => {
  await send(`
m = mail('Grüße', 'hellö'); m.add_alternative('<p>hellö</p>', subtype='html')
server.send_message(m, 'app@example.org', ['kim@example.net', 'bcc@example.net'])`)
  expect(await messages()).toEqual([
    {
      from: 'app@example.org',
      to: ['kim@example.net', 'bcc@example.net'],
      subject: 'Grüße',
      date: '',
      text: 'hellö\r\n',
      html: '<p>hellö</p>\r\n',
    },
  ])
  expect(await messages(other)).toEqual([])
  await one?.calls.clear?.({})
  expect(await messages()).toEqual([])
})

test('port 25 takes mail too, and a mail that is none of a kind is kept as it can be', async () => {
  await send(`
import socket
smtplib.SMTP('${one?.credentials.host}', 25).sendmail('a@example.org', ['b@example.org'], b'no header at all\\r\\n\\xff')
server.sendmail('a@example.org', ['b@example.org'], b'Subject: x\\r\\nContent-Type: text/plain; charset=nonsense\\r\\n\\r\\n\\xe4')`)
  expect(await messages()).toMatchObject([{ subject: '' }, { subject: 'x', html: null }])
  await one?.calls.clear?.({})
})

test('is bounded: the newest hundred mails, none over a megabyte, an answer that fits into a line', async () => {
  const said = await send(`
for n in range(130): server.send_message(mail(str(n), 'x' * 20000))
try: server.send_message(mail('large', 'x\\n' * 1000000))
except smtplib.SMTPResponseException as error: print(error.smtp_code)`)
  expect(said.trim()).toBe('552')
  const seen = await messages()
  expect(seen.at(-1)?.subject).toBe('129')
  expect(seen.length).toBeGreaterThan(30)
  expect(JSON.stringify(seen).length).toBeLessThan(1024 * 1024)
  await one?.calls.clear?.({})
  await send(`
for n in range(130): server.send_message(mail(str(n), 'x'))`)
  expect((await messages()).map(({ subject }) => subject)).toEqual(Array.from({ length: 100 }, (_, n) => `${n + 30}`))
})

test('is healthy until it is gone', async () => {
  await other?.health()
  await other?.release()
  await expect(other?.health()).rejects.toMatchObject({ blame: 'infra' })
})
