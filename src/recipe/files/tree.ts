import { collectErrors } from '../../lib/collect-errors.ts'
import { type RecipeError, RecipeErrors } from '../../lib/errors.ts'
import { formatLocation, type SourceLocation } from '../../lib/text/source-location.ts'
import type { Finding } from '../../verdict/events.ts'
import { finding } from '../../verdict/findings.ts'
import type { RecipeTree } from '../model.ts'
import { readAbraExports } from './abra-exports.ts'
import { parseEnvSample } from './env-sample.ts'
import { readMetadata } from './metadata.ts'
import { readLooseText } from './text-file.ts'

/**
 * Reads what stands beside the compose files. A missing file reads as an empty one; all problems come as one RecipeErrors. Bytes that are not
 * UTF-8, and a README that cannot be read, keep nobody from deploying: they are findings.
 */
export async function readTree(dir: string): Promise<RecipeTree> {
  const errors: RecipeError[] = []
  const findings: Finding[] = []
  const text = async (file: string) => {
    const read = await readLooseText(dir, file)
    if (read?.notUtf8) findings.push(notUtf8(read.notUtf8))
    return read?.text ?? ''
  }
  const env = await collectErrors(errors, async () => parseEnvSample(await text('.env.sample')))
  const abraExports = await collectErrors(errors, async () => readAbraExports(await text('abra.sh')))
  const unread: RecipeError[] = []
  const metadata = await collectErrors(unread, async () => readMetadata(await text('README.md')))
  findings.push(...unread.map(readmeUnread))
  if (!env || !abraExports || errors.length > 0) throw new RecipeErrors(errors)
  return { dir, env, abraExports, metadata, findings }
}

function notUtf8(where: SourceLocation): Finding {
  const message = 'is not UTF-8 text: what is read in its place is not what was meant'
  return finding('not-utf8', message, { where: formatLocation(where) })
}

function readmeUnread({ message }: RecipeError): Finding {
  return finding('readme-unread', `${message}, so that its metadata are not known`, { where: 'README.md' })
}
