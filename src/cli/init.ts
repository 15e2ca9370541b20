import { scaffold, writeScaffold } from '../init/scaffold.ts'

export interface InitOptions {
  readonly dryRun?: boolean
}

/** `cc-ci init`: settings and a first custom test for the recipe in front of it. */
export async function init(recipe: string, options: InitOptions): Promise<number> {
  const plan = await scaffold(recipe)
  if (options.dryRun) {
    for (const [file, text] of plan.files) process.stdout.write(`--- ${file}\n${text}\n`)
    return 0
  }
  await writeScaffold(plan)
  for (const file of plan.files.keys()) process.stdout.write(`written: ${file}\n`)
  process.stdout.write(
    'Next: `cc-ci plan` shows what a run would do; `cc-ci test --approve-code` does it, with your test.\n',
  )
  return 0
}
