import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { isHealthTest } from '../../lib/health-test.ts'
import { variablesOf } from '../compose/interpolate.ts'
import type { ComposeService } from '../model.ts'
import { rawName, usedSecrets } from '../secrets/secrets.ts'
import type { LintContext, LintFact, LintRule } from './rule.ts'

const SOURCE = 'abra recipe lint'
const METADATA = ['Category', 'Status', 'Image', 'Healthcheck', 'Backups', 'Email', 'Tests', 'SSO']
const UNSTABLE = /^(latest|main|master|edge|nightly|dev|develop|unstable|snapshot)$/i

/** The rules of the operators' client, by its own ids. */
export const COOP_CLOUD_RULES: readonly LintRule[] = [
  {
    id: 'R001',
    title: 'The compose file names the expected version',
    severity: 'warning',
    fix: 'Write version: "3.8" at the top of compose.yml.',
    source: SOURCE,
    check: ({ stack }) => {
      const { version } = stack.model
      const problem = version === undefined ? 'no version is named' : `the version is ${version}`
      return [fact('compose.yml', version === '3.8', problem, stack.place(['version']) ?? { file: 'compose.yml' })]
    },
  },
  {
    id: 'R002',
    title: 'Every service has a health check',
    severity: 'warning',
    fix: 'Add healthcheck: with a test that fails while the service cannot serve: a text, or a list that begins with CMD or CMD-SHELL.',
    source: SOURCE,
    check: (context) => perService(context, ({ healthcheck }) => healthProblem(healthcheck), 'healthcheck'),
  },
  {
    id: 'R003',
    title: 'Every image has a tag',
    severity: 'warning',
    fix: 'Write the tag of a released version behind the image.',
    source: SOURCE,
    check: (context) => perImage(context, ({ tag, digest }) => (tag || digest ? undefined : 'has no tag')),
  },
  {
    id: 'R004',
    title: 'No image has a tag that moves',
    severity: 'warning',
    fix: 'Use the tag of a released version.',
    source: SOURCE,
    check: (context) =>
      perImage(context, ({ tag }) =>
        tag && UNSTABLE.test(tag) ? `uses the tag ${tag}, which means something else every time` : undefined,
      ),
  },
  {
    id: 'R005',
    title: 'Image tags look like versions',
    severity: 'warning',
    fix: 'Use a tag such as 1.2.3 or 1.2.3-alpine, so that upgrades can be found.',
    source: SOURCE,
    check: (context) =>
      perImage(context, ({ tag }) =>
        tag && !/^v?\d+(\.\d+)*([-_+.].*)?$/.test(tag) ? `uses the tag ${tag}` : undefined,
      ),
  },
  {
    id: 'R006',
    title: 'The recipe has a released version',
    severity: 'warning',
    fix: 'Release one: abra recipe release.',
    source: `${SOURCE}; judged by the tags of the repository, not by the catalogue`,
    check: ({ repo }) => [fact('tags', repo.versions.length > 0, 'no annotated tag of the form 1.0.0+1.2.3')],
  },
  {
    id: 'R007',
    title: "The README's metadata are filled in",
    severity: 'warning',
    fix: 'Fill in the block between <!-- metadata --> and <!-- endmetadata -->.',
    source: SOURCE,
    check: ({ tree }) => {
      if (!tree.metadata) return [fact('README.md', false, 'has no metadata block', { file: 'README.md' })]
      const empty = METADATA.filter((key) => /^(\?|)$/.test(tree.metadata?.get(key) ?? ''))
      return [fact('README.md', empty.length === 0, `has no value for ${empty.join(', ')}`, { file: 'README.md' })]
    },
  },
  {
    id: 'R008',
    title: 'There is an .env.sample',
    severity: 'error',
    fix: 'Add .env.sample with TYPE, DOMAIN and what else the compose file uses.',
    source: SOURCE,
    check: ({ tree }) => [fact('.env.sample', existsSync(join(tree.dir, '.env.sample')), 'does not exist')],
  },
  {
    id: 'R009',
    title: 'One service is named app',
    severity: 'error',
    fix: 'Name the main service app.',
    source: SOURCE,
    check: ({ stack }) => [
      fact(
        'services',
        stack.model.services.app !== undefined,
        `no service is named app, only ${Object.keys(stack.model.services).join(', ')}`,
        stack.place(['services']),
      ),
    ],
  },
  {
    id: 'R010',
    title: 'Traefik routes to the app',
    severity: 'error',
    fix: 'Add traefik.enable=true to deploy.labels of the service that serves.',
    source: SOURCE,
    check: ({ tree, stack }) => {
      if (!tree.env.values.has('DOMAIN')) return '.env.sample has no DOMAIN'
      const routed = Object.values(stack.model.services).some(
        ({ deploy }) => deploy?.labels?.['traefik.enable'] === 'true',
      )
      return [
        fact(
          'services',
          routed,
          'no service has the label traefik.enable=true',
          stack.place(['services', 'app', 'deploy']),
        ),
      ]
    },
  },
  {
    id: 'R011',
    title: 'Every service has an image',
    severity: 'error',
    fix: 'Add image:.',
    source: SOURCE,
    check: (context) => perService(context, ({ image }) => (image ? undefined : 'has no image'), 'image'),
  },
  {
    id: 'R012',
    title: 'The versions of configs are set in abra.sh',
    severity: 'error',
    fix: 'Add export <CONFIG>_VERSION=v1 to abra.sh.',
    source: SOURCE,
    check: ({ tree, stack }) => {
      const own = Object.entries(stack.model.configs).filter(([, { external }]) => !external)
      const facts = own.flatMap(([key]) =>
        versionVariables(stack, 'configs', key).map((name) =>
          fact(
            `config ${key}`,
            tree.abraExports.has(name),
            `uses ${name}, which abra.sh does not export`,
            stack.place(['configs', key, 'name']),
          ),
        ),
      )
      return facts.length > 0 ? facts : 'no config has a version'
    },
  },
  {
    id: 'R013',
    title: 'The repository exists at git.coopcloud.tech',
    severity: 'warning',
    fix: 'Ask for a repository there when the recipe is ready to be shared.',
    source: SOURCE,
    check: () => 'needs the network',
  },
  {
    id: 'R014',
    title: 'Release tags are annotated',
    severity: 'error',
    fix: 'Make the tag again with git tag -a, and push it with --force.',
    source: SOURCE,
    check: ({ repo }) => {
      const facts = repo.lightweightTags.map((tag) => fact(`tag ${tag}`, false, 'is not annotated'))
      return facts.length > 0 ? facts : [fact('tags', true, '')]
    },
  },
  {
    id: 'R015',
    title: 'Names of secrets are short',
    severity: 'warning',
    fix: 'Use at most 12 characters: the engine allows 64 for the whole name, the domain included.',
    source: SOURCE,
    check: ({ stack }) => {
      const facts = usedSecrets(stack).map(({ key }) =>
        fact(`secret ${key}`, key.length <= 12, `has ${key.length} characters`, stack.place(['secrets', key])),
      )
      return facts.length > 0 ? facts : 'no service uses a secret'
    },
  },
  {
    id: 'R016',
    title: 'Unknown',
    severity: 'info',
    fix: 'Nothing to do.',
    source: `${SOURCE}; the id exists, its meaning is not documented`,
    check: () => 'its meaning is not known',
  },
]

/** The variables in the name of a config or secret, as written, that end in `_VERSION`. */
export function versionVariables(stack: LintContext['stack'], section: 'configs' | 'secrets', key: string): string[] {
  return variablesOf(rawName(stack, section, key)).flatMap(({ name }) => (name.endsWith('_VERSION') ? [name] : []))
}

/** A fact that is right when `ok`. */
export function fact(subject: string, ok: boolean, problem: string, where?: LintFact['where']): LintFact {
  return ok ? { subject } : { subject, problem, where }
}

/** One fact for each service. */
function perService(
  { stack }: LintContext,
  judge: (service: ComposeService) => string | undefined,
  key: string,
): LintFact[] {
  return Object.entries(stack.model.services).map(([name, service]) => {
    const problem = judge(service)
    return fact(`service ${name}`, problem === undefined, problem ?? '', stack.place(['services', name, key]))
  })
}

function perImage(
  context: LintContext,
  judge: (parts: { tag?: string; digest?: string }) => string | undefined,
): LintFact[] {
  return perService(context, ({ image = '' }) => judge(imageParts(image)), 'image')
}

function imageParts(image: string): { tag?: string; digest?: string } {
  const [name = '', digest] = image.split('@')
  const tag = /:([^/:]+)$/.exec(name)?.[1]
  return { ...(tag ? { tag } : {}), ...(digest ? { digest } : {}) }
}

function healthProblem(healthcheck: ComposeService['healthcheck']): string | undefined {
  const { disable, test } = healthcheck ?? {}
  if (disable === true || !Array.isArray(test) || test.length === 0 || test[0] === 'NONE') return 'has no health check'
  if (isHealthTest(test)) return undefined
  return `has a health check that the engine ignores, because it begins with "${test[0]}" and not with CMD or CMD-SHELL`
}
