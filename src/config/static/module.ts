import { type Program, parse } from 'acorn'
import { messageOf, RecipeError } from '../../lib/errors.ts'
import type { SourceLocation } from '../../lib/text/source-location.ts'
import { invalid } from '../invalid.ts'
import { stripTypes } from './strip-types.ts'

const HINTS: Readonly<Record<string, string>> = {
  ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX:
    'Only types that can be erased are understood: no enum, namespace, parameter property or <T>value. Use a union of texts, plain fields, and `as`.',
  ERR_INVALID_TYPESCRIPT_SYNTAX: 'Fix the syntax; an editor that knows TypeScript shows the place.',
}

/** A parsed module; types are gone, every position is that of the file as written. */
export interface ParsedModule {
  readonly program: Program
  readonly text: string
  readonly shown: string
}

/** Throws RecipeError `config-invalid` with file, line and column for what does not parse, and for TypeScript that has to be compiled. */
export async function parseModule(text: string, shown: string): Promise<ParsedModule> {
  const module = (program: Program) => ({ program, text, shown })
  try {
    // Often there is no type in it.
    return module(parsed(text))
  } catch {
    const plain = await withoutTypes(text, shown)
    try {
      return module(parsed(plain))
    } catch (error) {
      throw invalid(messageOf(error).replace(/ \(\d+:\d+\)$/, ''), { file: shown, ...positionOf(error) })
    }
  }
}

function parsed(text: string): Program {
  return parse(text, { ecmaVersion: 'latest', sourceType: 'module', locations: true })
}

async function withoutTypes(text: string, shown: string): Promise<string> {
  const stripped = await stripTypes(text).catch((cause: unknown) => unreadable(shown, cause))
  if ('text' in stripped) return stripped.text
  const { code, message, stack } = stripped
  const hint = HINTS[code]
  if (hint === undefined) return unreadable(shown, stripped)
  throw new RecipeError('config-invalid', message, { where: { file: shown, ...markedPosition(stack) }, hint })
}

function unreadable(shown: string, cause: unknown): never {
  const hint = 'Most often it is nested too deeply.'
  throw new RecipeError('config-invalid', 'cannot be read as TypeScript', { where: { file: shown }, hint, cause })
}

/** Node says where only in the stack: `:LINE`, the source, and a line of `^` below it. */
function markedPosition(stack: string): Partial<SourceLocation> {
  const line = /^[^\n]*:(\d+)\n/.exec(stack)?.[1]
  const mark = /^( *)\^/m.exec(stack)?.[1]
  if (line === undefined) return {}
  return { line: Number(line), ...(mark === undefined ? {} : { column: mark.length + 1 }) }
}

function positionOf(error: unknown): Partial<SourceLocation> {
  if (!(error instanceof SyntaxError) || !('loc' in error)) return {}
  const { line, column } = error.loc as { line: number; column: number }
  return { line, column: column + 1 }
}
