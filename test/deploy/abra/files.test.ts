import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { envFile } from '../../../src/deploy/abra/env-file.ts'
import { runFile, withVersion } from '../../../src/deploy/abra/overlay.ts'
import { nameForAbra } from '../../../src/deploy/abra/secrets.ts'
import { NO_ADDITIONS, type Release } from '../../../src/deploy/deployer.ts'
import { stackModel } from '../../../src/deploy/native/stack-model.ts'
import { parseEnvSample } from '../../../src/recipe/files/env-sample.ts'
import { hasStackConfig, stackConfig } from '../../recipe/docker-cli.ts'
import { folder, resolved } from '../../recipe/throwaway.ts'

const live = await hasStackConfig()

describe('the env file', () => {
  it('is read as what was written', () => {
    const values = fc.string({ unit: 'binary', maxLength: 12 }).filter((text) => !/['\\\r\n]$|\0/.test(text))
    fc.assert(
      fc.property(values, (value) => {
        let text: string
        try {
          text = envFile(new Map([['KEY', value]]), 'web')
        } catch {
          return
        }
        expect(parseEnvSample(text).values).toEqual(
          new Map([
            ['TYPE', 'web'],
            ['KEY', value],
          ]),
        )
      }),
    )
  })

  it.each(['', 'v1', '$HOME', "it's", "', `www.example.com`", 'a "b" $c', 'two\nlines', '#x', 'a # b', ' edges '])(
    'holds %j',
    (value) => {
      expect(parseEnvSample(envFile(new Map([['KEY', value]]), 'web')).values.get('KEY')).toBe(value)
    },
  )

  it('names the recipe that abra finds, whatever the recipe says itself', () => {
    expect(
      envFile(
        new Map([
          ['TYPE', 'other:1.0.0'],
          ['A', '1'],
        ]),
        'web',
      ),
    ).toBe('TYPE=web\nA=1\n')
  })
})

describe('the name of a secret', () => {
  it.each([
    ['web_ci_test_db_password_v1', 'db_password', 'v1'],
    ['web_ci_test_a_v12', 'a', 'v12'],
  ])('%s', (full, name, version) => {
    expect(nameForAbra(full, 'web_ci_test')).toEqual({ name, version })
  })

  it.each(['other_password_v1', 'web_ci_test_password', 'web_ci_test_password_'])(
    '%s is none that abra makes',
    (full) => {
      expect(() => nameForAbra(full, 'web_ci_test')).toThrow(/abra can create no secret/)
    },
  )
})

const APP = 'image: web:1\n    networks: [proxy]\n    deploy: {labels: ["a=b"]}'

async function runFileOf(files: Readonly<Record<string, string>>, added: Partial<Release['added']> = {}) {
  const { stack, env } = await resolved(files)
  const app = { runId: 'run', recipe: 'a', domain: 'a.ci.test', stack: 'a_ci_test', repository: '/' }
  const about = { commit: '0'.repeat(40), version: null, chaos: true, dirty: false, secrets: [] }
  const release = { ...about, app, dir: '/', env, stack, added: { ...NO_ADDITIONS, ...added } }
  const images = new Map(
    Object.keys(stack.model.services).map((name) => [
      name,
      { ref: 'web:1', pinned: `sha256:${'a'.repeat(64)}`, id: '', sizeBytes: 0 },
    ]),
  )
  const { model } = stackModel({ release, images, accommodations: [] }, { vips: false, byClient: true })
  return { file: runFile(stack.model, model), meant: model }
}

describe('what is changed of the compose files', () => {
  const compose = (service: string) =>
    `version: "3.8"\nservices:\n  app:\n    ${service}\nnetworks: {proxy: {external: true}}\n`

  it('is an overlay, which the docker CLI merges into what was meant', async () => {
    const base = compose(`${APP}\n    ports: ["8080:80"]\n    cap_drop: [CHOWN]\n    environment: {A: $$5, B: }`)
    const { file } = await runFileOf({ 'compose.yml': base })
    expect(file).toMatchObject({ kind: 'overlay', version: '3.9' })
    if (!live) return
    const dir = await folder({ 'compose.yml': withVersion(base, '3.9'), 'over.yml': file.text })
    const merged = await stackConfig(dir, ['compose.yml', 'over.yml'], {})
    expect(merged).toMatchObject({
      document: {
        services: {
          app: {
            image: `sha256:${'a'.repeat(64)}`,
            cap_drop: ['CHOWN', 'NET_RAW'],
            deploy: { endpoint_mode: 'dnsrr', labels: { a: 'b' }, resources: { limits: { pids: 2048 } } },
            ports: [{ target: 80, published: 8080, mode: 'host' }],
          },
        },
      },
    })
  })

  it.each([
    ['two protocols of one port', `${APP}\n    ports: ["64738:64738/tcp", "64738:64738/udp"]`, 'services.app.ports'],
    [
      'what is set aside',
      'image: web:1\n    deploy: {resources: {reservations: {memory: 64M}}}',
      'services.app.deploy.resources.reservations',
    ],
    ['a log driver without options', `${APP}\n    logging: {driver: json-file}`, 'services.app.logging'],
  ])('is the whole stack where an overlay loses %s', async (_, service, why) => {
    const { file, meant } = await runFileOf({ 'compose.yml': compose(service) })
    expect(file.kind).toBe('whole')
    expect(file.kind === 'whole' && file.why).toContain(why)
    if (!live) return
    const dir = await folder({ 'run.yml': file.text })
    expect(await stackConfig(dir, ['run.yml'], {})).toMatchObject({
      document: { services: { app: { image: meant.services.app?.image, deploy: { endpoint_mode: 'dnsrr' } } } },
    })
  })

  it('says no version where the recipe says none', async () => {
    const { file } = await runFileOf({
      'compose.yml': `services:\n  app:\n    ${APP}\nnetworks: {proxy: {external: true}}\n`,
    })
    expect(file).toMatchObject({ kind: 'overlay', version: null })
    expect(file.text).not.toMatch(/^version/m)
  })

  it('leaves everything of a file but its version', () => {
    const text = '# a\nservices: {app: {image: x}} # b\nversion: \'3.8\' # c\n\nx-a: &a\n  version: "2"\n'
    expect(withVersion(text, '3.9')).toBe(text.replace("'3.8'", '"3.9"'))
    expect(withVersion('{"version":"3.8","services":{}}', '3.9')).toBe('{"version":"3.9","services":{}}')
    expect(withVersion('services: {}\n', '3.9')).toBe('services: {}\n')
  })
})
