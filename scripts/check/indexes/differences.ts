/** Where an index and the files differ; empty: nowhere. `index` has Markdown links, relative to the folder of the files. */
export function indexDifferences(index: string, files: readonly string[]): string[] {
  const linked = new Set([...index.matchAll(/\]\(([^)#:]+)\)/g)].map(([, target = '']) => target))
  const known = new Set(files)
  return [
    ...files.filter((file) => !linked.has(file)).map((file) => `has no line for ${file}`),
    ...[...linked].filter((target) => !known.has(target)).map((target) => `names ${target}, which does not exist`),
  ]
}

/** Files below scripts/ that npm scripts start; the shell script that starts them is one. */
export function startedFiles(scripts: Readonly<Record<string, string>>): string[] {
  return Object.values(scripts).flatMap((command) => command.split(' ').filter((word) => word.startsWith('scripts/')))
}
