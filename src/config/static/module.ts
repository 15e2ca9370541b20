import { stripTypeScriptTypes } from 'node:module'
import { type Program, parse } from 'acorn'
import { messageOf, RecipeError } from '../../lib/errors.ts'
import type { Place } from '../../lib/place.ts'
import { invalid } from '../invalid.ts'

const ERASABLE =
  'Only types that can be erased are understood: no enum, namespace, parameter property or <T>value. Use a union of texts, plain fields, and `as`.'

/** A parsed module; types are gone, every position is that of the file as written. */
export interface ParsedModule {
  readonly program: Program
  readonly text: string
  readonly shown: string
}

/** Throws RecipeError `config-invalid` with file, line and column for what does not parse, and for TypeScript that has to be compiled. */
export function parseModule(text: string, shown: string): ParsedModule {
  const plain = withoutTypes(text, shown)
  try {
    const program = parse(plain, { ecmaVersion: 'latest', sourceType: 'module', locations: true })
    return { program, text, shown }
  } catch (error) {
    throw invalid(messageOf(error).replace(/ \(\d+:\d+\)$/, ''), { file: shown, ...positionOf(error) })
  }
}

function withoutTypes(text: string, shown: string): string {
  try {
    return stripTypeScriptTypes(text, { mode: 'strip' })
  } catch (error) {
    const unsupported = error instanceof Error && 'code' in error && error.code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX'
    throw new RecipeError('config-invalid', messageOf(error), {
      where: { file: shown, ...markedPosition(error) },
      hint: unsupported ? ERASABLE : 'Mend the syntax; an editor that knows TypeScript shows the place.',
      cause: error,
    })
  }
}

/** Node says where only in the stack: `:LINE`, the source, and a line of `^` below it. */
function markedPosition(error: unknown): Partial<Place> {
  const stack = (error instanceof Error && error.stack) || ''
  const line = /^[^\n]*:(\d+)\n/.exec(stack)?.[1]
  const mark = /^( *)\^/m.exec(stack)?.[1]
  if (line === undefined) return {}
  return { line: Number(line), ...(mark === undefined ? {} : { column: mark.length + 1 }) }
}

function positionOf(error: unknown): Partial<Place> {
  if (!(error instanceof SyntaxError) || !('loc' in error)) return {}
  const { line, column } = error.loc as { line: number; column: number }
  return { line, column: column + 1 }
}
