import type { ExportDefaultDeclaration, Expression, Program } from 'acorn'
import { RecipeError } from '../../lib/errors.ts'
import type { SourceLocation } from '../../lib/text/source-location.ts'
import { invalid } from '../invalid.ts'
import type { CustomFile } from '../own-file.ts'
import { isMapping, type Path, type SettingsSource } from '../source.ts'
import { type ParsedModule, parseModule } from './module.ts'
import { keyOf, StaticValues, UNREADABLE } from './values.ts'

const SHAPE = "Write: import { defineRecipe } from 'cc-ci', then export default defineRecipe({ … })."

/** Reads `cc-ci.config.ts` without running any of it. What is wrong with it is in `errors`; nothing is thrown. */
export async function readConfig({ side, file, shown }: CustomFile, text: string): Promise<SettingsSource> {
  const failed = (errors: readonly RecipeError[]): SettingsSource => {
    const place = () => ({ file: shown })
    return { side, file, data: {}, errors, valuePlace: place, keyPlace: place }
  }
  try {
    const module = await parseModule(text, shown)
    const values = new StaticValues(module)
    const data = values.read(argumentOf(module, values), [])
    if (data !== UNREADABLE && !isMapping(data)) {
      values.errors.push(
        invalid('defineRecipe takes a mapping of settings', values.values.get('[]') ?? { file: shown }),
      )
    }
    return { side, file, data: isMapping(data) ? data : {}, errors: values.errors, ...placesOf(values, shown) }
  } catch (error) {
    if (error instanceof RecipeError) return failed([error])
    // Nesting deeper than the parser's stack.
    if (error instanceof RangeError) return failed([invalid('is nested too deeply to be read', { file: shown })])
    throw error
  }
}

/** What stands in `export default defineRecipe(…)`. Throws RecipeError `config-invalid` when there is no such thing. */
function argumentOf({ program, shown }: ParsedModule, values: StaticValues): Expression {
  const exported = defaultExport(program)
  if (!exported) throw invalid('there is no default export', { file: shown }, SHAPE)
  const { declaration } = exported
  const refuse = (message: string) => invalid(message, values.placeOf(declaration), SHAPE)
  if (declaration.type !== 'CallExpression' || declaration.callee.type !== 'Identifier') {
    throw refuse('the default export is not defineRecipe({ … })')
  }
  const { name } = declaration.callee
  const binding = values.binding(name)
  const ours = binding?.kind === 'import' && binding.from === 'cc-ci' && binding.imported === 'defineRecipe'
  if (!ours) throw refuse(`${name} is not the defineRecipe of "cc-ci"`)
  const [argument, more] = declaration.arguments
  if (!argument || more || argument.type === 'SpreadElement') throw refuse('defineRecipe takes one argument')
  return argument
}

function defaultExport({ body }: Program): ExportDefaultDeclaration | undefined {
  return body.find((statement) => statement.type === 'ExportDefaultDeclaration')
}

function placesOf({ values, keys }: StaticValues, shown: string): Pick<SettingsSource, 'valuePlace' | 'keyPlace'> {
  const valuePlace = (path: Path): SourceLocation => {
    for (let length = path.length; length >= 0; length -= 1) {
      const place = values.get(keyOf(path.slice(0, length)))
      if (place) return place
    }
    return { file: shown }
  }
  return { valuePlace, keyPlace: (path) => keys.get(keyOf(path)) ?? valuePlace(path) }
}
