import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { CcCiError, messageOf } from '../../lib/errors.ts'
import { fact, versionVariables } from './coop-cloud.ts'
import { NO_RELEASE } from './evolution.ts'
import type { LintContext, LintFact } from './rule.ts'
import { type UpgradeSide, withUpgradeSides } from './upgrade-sides.ts'

const KINDS = { configs: 'config', secrets: 'secret' } as const

/** A config or secret that the engine is given from a file of the recipe. */
interface FromFile {
  readonly section: keyof typeof KINDS
  readonly key: string
  /** On the engine. */
  readonly name: string
  readonly file: string
  readonly content: Buffer
  /** Null: the content is used as it is. */
  readonly templateDriver: string | null
}

/**
 * CC01: the engine keeps a config or secret as it was made, refuses other content under the same name, and passes over another template driver without
 * a word. What has a new name may have any content, whatever else was renamed.
 */
export async function fixedContents(context: LintContext): Promise<LintFact[] | string> {
  const { lastRelease } = context
  if (!lastRelease) return NO_RELEASE
  try {
    return await withUpgradeSides(context, lastRelease, async (before, after) => {
      const held = new Map((await fromFiles(before)).map((one) => [`${one.section} ${one.name}`, one]))
      const facts = (await fromFiles(after)).map((now) =>
        factOf(context, now, { tag: lastRelease.tag, old: held.get(`${now.section} ${now.name}`) }),
      )
      return facts.length > 0 ? facts : 'no config or secret comes from a file'
    })
  } catch (error) {
    if (!(error instanceof CcCiError)) throw error
    return `the upgrade of ${lastRelease.tag} cannot be read: ${messageOf(error).split('\n')[0]}`
  }
}

function factOf(
  { stack, tree }: LintContext,
  { section, key, file, content, templateDriver }: FromFile,
  { tag, old }: { tag: string; old: FromFile | undefined },
): LintFact {
  const variables = versionVariables(stack, section, key)
  const isSame = !old || old.content.equals(content)
  const other = old?.file === file ? `${file} changed since ${tag}` : `${file} is not what ${old?.file} was in ${tag}`
  const changed = isSame ? `its template_driver changed since ${tag}` : other
  const named = variables.length > 0 ? `${variables.join(', ')} gives it the same name` : 'its name has no version'
  const where = variables.map((name) => tree.abraExports.get(name)?.place).find(Boolean) ?? stack.place([section, key])
  return fact(
    `${KINDS[section]} ${key}`,
    isSame && (!old || old.templateDriver === templateDriver),
    `${changed}, and ${named}`,
    where,
  )
}

async function fromFiles({ dir, stack, stackName }: UpgradeSide): Promise<FromFile[]> {
  const found: FromFile[] = []
  for (const section of ['configs', 'secrets'] as const) {
    for (const [key, { file, name = `${stackName}_${key}`, external, template_driver }] of Object.entries(
      stack.model[section],
    )) {
      if (file === undefined || external) continue
      // What is no file has no content to compare.
      const content = await readFile(join(dir, file)).catch(() => null)
      if (content) found.push({ section, key, name, file, content, templateDriver: template_driver || null })
    }
  }
  return found
}
