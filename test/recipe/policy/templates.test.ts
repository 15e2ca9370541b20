// cspell:ignore urlquery
import { describe, expect, test } from 'vitest'
import { policyProblems } from '../../../src/recipe/policy/policy.ts'
import { filledBytes, templateProblem } from '../../../src/recipe/policy/templates.ts'
import { resolved } from '../throwaway.ts'

/** As found in recipes. */
const USUAL = [
  'no template at all: {x} $y %s',
  '{{ env "DOMAIN" }}',
  '{{- if eq (env "DASHBOARD_ENABLED") "true" }}\napi:\n  insecure: true\n{{- else if ne (env "X") "" -}}y{{ else }}n{{ end }}',
  'postgres://app:{{ secret "db_password" | urlquery }}@db/app',
  '{{ with env "SMTP_HOST" }}host = {{ . }}{{ end }}',
  '{{ $name := env "NAME" }}{{ $name = print $name ".local" }}{{ $name }}',
  '{{ printf "%s:%d%%" (env "HOST") 80 }}',
  '{{/* range over define */}}{{- /* a comment\n */ -}}x',
  '{{ .Service.Name }}-{{.Task.Slot}} {{ index .Service.Labels "a.b" }} {{ $.Node.Hostname }}',
  '{{ "}}" }}{{ `{{ range }}` }}',
  '{{ if and (env "A") (not (env "B")) (or (env "C") "d") }}x{{ end }}',
  '{{ $x := printf "%s.%s" .Service.Name .Node.Hostname }}{{ $x }}',
  '{{ $x := printf "%s.%s" $.Service.Name $.Node.Hostname }}{{ $x }}',
  '{{ $url := printf "%s:%s" (env "HOST") (env "PORT") }}{{ $url }}',
]

const HARMFUL: readonly (readonly [string, RegExp])[] = [
  ['{{define "a"}}{{template "a"}}{{template "a"}}{{end}}{{template "a"}}', /"define"/],
  ['{{ template "t.tmpl" . }}', /"template"/],
  ['{{ block "a" . }}{{ end }}', /"block"/],
  ['{{- range 1000000000000 }}x{{ end }}', /"range"/],
  ['{{ $a := printf "%999999d" 1 }}', /format/],
  ['{{ printf "%[1]s%[1]s" "x" }}', /format/],
  ['{{ printf "%*d" 999999 1 }}', /format/],
  ['{{ printf "\\x25999999d" 1 }}', /format/],
  ['{{ printf (env "FORMAT") 1 }}', /format/],
  ['{{ "x" | printf }}', /format/],
  ['{{ printf "%q" "\\"" }}', /format/],
  ['{{ "\\\\" | js | js }}', /"js"/],
  ['{{ $a := print $b $b }}', /several/],
  ['{{ $a = print $a $a }}', /several/],
  ['{{ with print . . }}{{ end }}', /several/],
  ['{{ $ := print $ $ }}{{ $ }}', /several/],
  ['{{ $ = print $ $x }}', /several/],
  ['{{ with print $ . }}{{ end }}', /several/],
  ['{{ $x := print $x $.Service.Labels }}', /several/],
  ['{{ .Service.Labels }}'.repeat(501), /501 values/],
  ['{{ $ }}'.repeat(501), /501 values/],
  [`{{ ${'('.repeat(51)}1${')'.repeat(51)} }}`, /51|brackets/],
  ['{{ call .X }}', /"call"/],
  ['{{ env "X" }}'.repeat(501), /501 values/],
  ['{{ "x', /cannot be read/],
  ['{{ 世 }}', /cannot be read/],
]

describe('what the engine is asked to fill in', () => {
  test.each(USUAL)('usual: %s', (text) => expect(templateProblem(text)).toBeNull())
  test.each(HARMFUL.map(([text, says]) => ({ title: text.slice(0, 80), text, says })))(
    'refused: $title',
    ({ text, says }) => expect(templateProblem(text)).toMatch(says),
  )

  test('is read in time that grows with it', () => {
    const begun = process.cpuUsage().user
    for (const text of ['{{', '{{/*', '{{ "', '{{ x }', '{{ ('].map((one) => one.repeat(100_000))) templateProblem(text)
    expect((process.cpuUsage().user - begun) / 1e6).toBeLessThan(20)
  })
})

const BAD = '{{define "a"}}{{template "a"}}{{end}}'
const app = (service: string, rest = '') => `services:\n  app:\n    image: x\n    ${service}\n${rest}\n`

test.each<[string, string, string | Uint8Array]>([
  ['a config', app('configs: [t]', 'configs: {t: {file: t.tmpl, template_driver: golang}}'), BAD],
  ['a secret', app('secrets: [t]', 'secrets: {t: {file: t.tmpl, template_driver: golang}}'), BAD],
  ['bytes', app('configs: [t]', 'configs: {t: {file: t.tmpl, template_driver: golang}}'), Buffer.from(`\0${BAD}`)],
  ['a variable', app(`environment: {X: '${BAD}'}`), ''],
  ['the name of a variable', app(`environment: ['{{define "a"}}=1']`), ''],
  ['where a volume is', app(`volumes: ['data:/{{define "a"}}']`, 'volumes: {data: }'), ''],
  ['a label of a volume', app('volumes: ["data:/d"]', `volumes: {data: {labels: {a: '${BAD}'}}}`), ''],
])('%s is judged', async (_, compose, file) => {
  const { stack } = await resolved({ 'compose.yml': `version: "3.8"\n${compose}`, 't.tmpl': file })
  expect(policyProblems(stack, 'app_example_com').map(({ code }) => code)).toEqual(['host-setting'])
})

const SIZES = { env: 100, secret: 1000, config: 500_000, context: 5000 }
const MIB = 1024 ** 2

test.each([
  ['text alone', 'x'.repeat(1000), 1000, 1001],
  ['values, by what they stand for', '{{ env "A" }}{{ secret "a" }}{{ config "a" }}', 501_100, 502_000],
  ['all fields of the task', '{{ .Service.Labels }}'.repeat(100), 500_000, 510_000],
  ['a variable of many', `{{ $x := print ${'(secret "a")'.repeat(50)} }}{{ $x }}{{ $x }}`, 100_000, 300_000],
  ['a variable that grows', '{{ $x := "a" }}{{ $x = print $x (config "a") }}{{ $x }}{{ $x }}', 1_000_000, 4_000_000],
  ['the dot of a with', '{{ with config "a" }}{{ . }}{{ . }}{{ end }}', 1_000_000, 3_000_000],
  ['a text that is escaped again and again', `{{ "${'&'.repeat(5000)}"${'|html'.repeat(2000)} }}`, 40 * MIB, 300 * MIB],
  ['the same in steps', `{{ $x := "${'&'.repeat(5000)}" }}${'{{ $x = html $x }}'.repeat(200)}{{ $x }}`, 4 * MIB, 1e13],
])('%s: at most so many bytes', (_, text, least, most) => {
  expect(templateProblem(text)).toBeNull()
  expect(filledBytes(text, SIZES)).toBeGreaterThanOrEqual(least)
  expect(filledBytes(text, SIZES)).toBeLessThan(most)
})

/** The engine keeps what containers get as files in its own memory, once for each. */
test.each<[string, string, Record<string, string>]>([
  ['one that grows', 'configs: [t]', { 't.tmpl': `{{ "${'&'.repeat(100_000)}"${'|html'.repeat(5000)} }}` }],
  [
    'one of long values',
    'configs: [t]\n    secrets: [s]',
    { 't.tmpl': '{{ secret "s" }}'.repeat(400), '.env.sample': 'SECRET_S_VERSION=v1 # length=500000\n' },
  ],
  [
    'a large one for many',
    'configs: [t, {source: t, target: /u}]\n    deploy: {replicas: 100}',
    { 't.tmpl': 'x'.repeat(1_000_000), plain: 'yes' },
  ],
])('more than the engine may keep: %s', async (_, service, { plain, ...files }) => {
  const driver = plain ? '' : ', template_driver: golang'
  const secret = service.includes('secrets') ? 'secrets: {s: {external: true, name: app_example_com_s_v1}}' : ''
  const compose = app(service, `configs: {t: {file: t.tmpl${driver}}}\n${secret}`)
  const { stack } = await resolved({ 'compose.yml': `version: "3.8"\n${compose}`, ...files })
  expect(policyProblems(stack, 'app_example_com').map(({ message }) => message)).toEqual([
    expect.stringMatching(/in memory for its containers; one recipe may have 128(?:\.0)? MiB/),
  ])
})

test('a file without a template driver is none of the engine', async () => {
  const compose = app('configs: [t]', 'configs: {t: {file: t.tmpl}}')
  const { stack } = await resolved({ 'compose.yml': compose, 't.tmpl': BAD })
  expect(policyProblems(stack, 'app_example_com')).toEqual([])
})
