import { cruise, type ICruiseResult } from 'dependency-cruiser'
import extractTSConfig from 'dependency-cruiser/config-utl/extract-ts-config'
import { importRules } from './imports/rules.ts'

/** Fails on an import that points up or in a circle, and also when nothing was read: a tool that saw no module proves nothing. */
const { options, ...ruleSet } = importRules
const answer = await cruise(['src'], { ...options, ruleSet, validate: true } as never, undefined, {
  tsConfig: extractTSConfig('tsconfig.json'),
} as never)
const { summary } = answer.output as ICruiseResult
for (const { from, to, rule } of summary.violations) process.stdout.write(`${rule.name}: ${from} -> ${to}\n`)
if (summary.totalCruised < 50) process.stdout.write(`only ${summary.totalCruised} modules were read\n`)
process.exitCode = summary.violations.length > 0 || summary.totalCruised < 50 ? 1 : 0
