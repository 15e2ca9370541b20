import { readdir } from 'node:fs/promises'
import { type ComposeSource, type Data, isDataMap, parseCompose } from '../compose/source.ts'
import { readText } from '../files/text-file.ts'
import { variablesLookedUp } from '../policy/templates.ts'
import { fact } from './coop-cloud.ts'
import type { LintContext, LintFact } from './rule.ts'

type Context = Pick<LintContext, 'tree' | 'stack' | 'env'>

const KINDS = { configs: 'config', secrets: 'secret' } as const
const SECTIONS = ['configs', 'secrets'] as const
type Section = keyof typeof KINDS

/** A config or secret that the engine fills in. */
interface Template {
  readonly section: Section
  readonly key: string
  readonly text: string
}

/**
 * CC20: for a variable that the service does not have, the engine puts an empty text into a template; what the image sets does not count. A compose
 * file that is not selected by default may set it once an operator selects the file, so that all of the recipe are looked at.
 */
export async function templateVariables(context: Context): Promise<LintFact[] | string> {
  const templates = templatesOf(context)
  if (templates.length === 0) return 'no config or secret is a template'
  const others = await otherComposeFiles(context)
  return typeof others === 'string' ? others : templates.flatMap((template) => factsOf(context, others, template))
}

function templatesOf({ stack: { templates } }: Context): Template[] {
  return SECTIONS.flatMap((section) =>
    [...(templates ?? [])].flatMap(([name, { text }]) =>
      name.startsWith(`${section}.`) && text !== null ? [{ section, key: name.slice(section.length + 1), text }] : [],
    ),
  )
}

function factsOf(context: Context, others: readonly ComposeSource[], template: Template): LintFact[] {
  const { section, key, text } = template
  const sources = [...(context.stack.sources ?? []), ...others]
  const services = servicesWith(template, sources)
  const names = services.map((service) => variablesOf(context, { service, sources, others }))
  const lacking = (variablesLookedUp(text) ?? []).filter(
    ({ name }) => !names.some((own) => own === null || own.has(name)),
  )
  const subject = `${KINDS[section]} ${key}`
  if (services.length === 0 || lacking.length === 0) return [{ subject }]
  const file = context.stack.model[section][key]?.file ?? key
  const first = new Map([...lacking].reverse().map((one) => [one.name, one]))
  return [...first.values()]
    .reverse()
    .map(({ name, offset }) =>
      fact(
        subject,
        false,
        `looks up ${name}, which nothing sets for ${services.join(' or ')}: it is always empty`,
        placeOf(file, text, offset),
      ),
    )
}

/** Null: they cannot be told, because a name is computed or a file is named that only some operators select. */
function variablesOf(
  { stack, tree, env }: Context,
  {
    service,
    sources,
    others,
  }: { service: string; sources: readonly ComposeSource[]; others: readonly ComposeSource[] },
): ReadonlySet<string> | null {
  const known = new Set(Object.keys(stack.model.services[service]?.environment ?? {}))
  for (const source of sources) {
    const written = serviceIn(source, service)
    const names = namesOf(written.environment)
    if (names.some((name) => name.includes('$')) || (others.includes(source) && written.env_file !== undefined))
      return null
    for (const name of names) known.add(name)
  }
  // The operators' client gives this one service the whole environment of the app.
  if (service === 'app') for (const name of [...env.keys(), ...tree.env.optional.map(({ key }) => key)]) known.add(name)
  return known
}

/** The names of `environment:`, in either form. */
function namesOf(environment: Data | undefined): string[] {
  if (Array.isArray(environment)) return environment.map((entry) => String(entry).split('=')[0] ?? '')
  return isDataMap(environment) ? Object.keys(environment) : []
}

/** The services that some compose file gives this template. */
function servicesWith({ section, key }: Template, sources: readonly ComposeSource[]): string[] {
  const found = sources.flatMap((source) =>
    Object.keys(mapIn(source.data.services)).filter((service) => {
      const entries = serviceIn(source, service)[section]
      return Array.isArray(entries) && entries.some((entry) => (isDataMap(entry) ? entry.source : entry) === key)
    }),
  )
  return [...new Set(found)]
}

function serviceIn({ data }: ComposeSource, name: string): Readonly<Record<string, Data>> {
  return mapIn(mapIn(data.services)[name])
}

function mapIn(data: Data | undefined): Readonly<Record<string, Data>> {
  return isDataMap(data) ? data : {}
}

/** The compose files of the recipe that its environment does not select, or why they are not known. */
async function otherComposeFiles({ tree, stack }: Context): Promise<ComposeSource[] | string> {
  const names = (await readdir(tree.dir)).filter((name) => /^compose.*\.ya?ml$/.test(name)).sort()
  const found: ComposeSource[] = []
  for (const name of names.filter((one) => !stack.files.includes(one))) {
    const source = parseCompose((await readText(tree.dir, name).catch(() => null)) ?? '', name, [])
    if (!source) return `${name}, which may set variables of templates, cannot be read`
    found.push(source)
  }
  return found
}

function placeOf(file: string, text: string, offset: number): LintFact['where'] {
  const before = text.slice(0, offset).split('\n')
  return { file, line: before.length, column: (before.at(-1) ?? '').length + 1 }
}
