import { expect, test } from 'vitest'
import { templateVariables } from '../../../src/recipe/lint/template-variables.ts'
import { type Files, resolved } from '../throwaway.ts'

/** A worker, which is given only what its `environment:` names, with a template. */
const recipe = (
  template: string,
  { environment = '[HOST=mail]', files = {} }: { environment?: string; files?: Files } = {},
): Files => ({
  'compose.yml': `version: "3.8"
services:
  app: {image: x}
  worker:
    image: x
    environment: ${environment}
    configs: [conf]
configs:
  conf: {file: conf.tmpl, template_driver: golang}
`,
  'conf.tmpl': template,
  '.env.sample': 'DOMAIN=a.example.com\nPORT=25\n# USER=me\n',
  ...files,
})

async function problems(files: Files): Promise<string[]> {
  const found = await templateVariables(await resolved(files))
  if (typeof found === 'string') return [found]
  return found.flatMap(({ problem, where }) =>
    problem ? [`${where?.file}:${where?.line}:${where?.column} ${problem}`] : [],
  )
}

const EMPTY = (name: string) => `looks up ${name}, which nothing sets for worker: it is always empty`

test.each<[what: string, files: Files, found: string[]]>([
  ['a variable that is nowhere', recipe('{{ env "HOST" }}:{{ env "NOPE" }}\n'), [`conf.tmpl:1:18 ${EMPTY('NOPE')}`]],
  [
    'a variable of .env.sample that the service is not given',
    recipe('{{ env "PORT" }}'),
    [`conf.tmpl:1:1 ${EMPTY('PORT')}`],
  ],
  [
    'a variable twice, at its first place',
    recipe('a\n {{ if env "X" }}{{ env "X" }}{{ end }}'),
    [`conf.tmpl:2:2 ${EMPTY('X')}`],
  ],
  [
    'variables in their order',
    recipe('{{ env "Y" }}{{ env `X` }}'),
    [`conf.tmpl:1:1 ${EMPTY('Y')}`, `conf.tmpl:1:14 ${EMPTY('X')}`],
  ],
  ['a name that comes by a pipe', recipe('{{ "X" | env | html }}'), [`conf.tmpl:1:1 ${EMPTY('X')}`]],
  ['a name that is wrong by its case', recipe('{{ env "Host" }}'), [`conf.tmpl:1:1 ${EMPTY('Host')}`]],
  [
    'a secret that is a template',
    {
      'compose.yml':
        'version: "3.8"\nservices: {worker: {image: x, secrets: [s]}}\nsecrets: {s: {file: s.tmpl, template_driver: golang}}\n',
      's.tmpl': '{{ env "X" }}',
    },
    [`s.tmpl:1:1 ${EMPTY('X')}`],
  ],
])('found: %s', async (_, files, found) => {
  expect(await problems(files)).toEqual(found)
})

const OVERLAY = (worker: string): Files => ({
  'compose.smtp.yml': `version: "3.8"\nservices:\n  worker:\n    ${worker}\n`,
})

test.each<[what: string, files: Files]>([
  ['a list of names and values', recipe('{{ env "HOST" }}{{ env "PORT" }}', { environment: '["HOST=a=b", PORT]' })],
  ['a mapping', recipe('{{ env "HOST" }}{{ env "PORT" }}', { environment: '{HOST: a, PORT: }' })],
  ['a name without a value anywhere', recipe('{{ env "NOPE" }}', { environment: '[NOPE]' })],
  ['a computed name', recipe('{{ env (printf "%s" "X") }}{{ $x := "X" }}{{ env $x }}')],
  ['a comment, and text outside of braces', recipe('{{/* env "X" */}} env "X" {{ "env" }}')],
  ['a file that is no template of the engine', recipe('{{ env "X" }}', { files: plain() })],
  ['a template that no service has', recipe('{{ env "X" }}', { files: unused() })],
  ['a template that cannot be read, which the policy refuses', recipe('{{ env "X" }}{{ 世 }}')],
  ['a file that is not selected', recipe('{{ env "X" }}', { files: OVERLAY('environment: {X: 1}') })],
  ['a file of variables', recipe('{{ env "X" }}', { files: { ...withEnvFile(), env: 'X=1\n' } })],
  ['a file of variables in a file that is not selected', recipe('{{ env "X" }}', { files: OVERLAY('env_file: env') })],
  ['a name that holds a variable', recipe('{{ env "X" }}', { environment: '["${PREFIX}X=1"]' })],
  ['another service that has the template', recipe('{{ env "X" }}', { files: another() })],
])('not found: %s', async (_, files) => {
  expect((await problems(files)).filter((text) => text.includes('looks up'))).toEqual([])
})

test("the operators' client gives app all variables of .env.sample, of its comments and of abra.sh", async () => {
  const compose = String(recipe('')['compose.yml']).replace('app: {image: x}', 'app: {image: x, configs: [conf]}')
  const own = compose.replace('    configs: [conf]\n', '')
  const files = { 'compose.yml': own, 'abra.sh': 'export LEVEL=v1\n' }
  const template = ['DOMAIN', 'PORT', 'USER', 'LEVEL', 'NOPE'].map((name) => `{{ env "${name}" }}`).join('')
  expect(await problems(recipe(template, { files }))).toMatchObject([expect.stringContaining('looks up NOPE')])
})

test('a file that is not selected and cannot be read may set anything', async () => {
  expect(await problems(recipe('{{ env "X" }}', { files: { 'compose.smtp.yml': 'services: [' } }))).toEqual([
    'compose.smtp.yml, which may set variables of templates, cannot be read',
  ])
})

test('a recipe without templates has nothing to judge', async () => {
  expect(await problems(recipe('{{ env "X" }}', { files: plain() }))).toEqual(['no config or secret is a template'])
})

function changed(from: string, to: string): Files {
  const compose = String(recipe('')['compose.yml'])
  expect(compose).toContain(from)
  return { 'compose.yml': compose.replace(from, to) }
}

function plain(): Files {
  return changed(', template_driver: golang', '')
}

function unused(): Files {
  return changed('    configs: [conf]\n', '')
}

function withEnvFile(): Files {
  return changed('environment: [HOST=mail]', 'env_file: env')
}

function another(): Files {
  return changed(
    'app: {image: x}',
    'app: {image: x}\n  web: {image: x, environment: {X: 1}, configs: [{source: conf}]}',
  )
}
