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

/**
 * What is wrong with a page whose table names the folders of `src` (`src/lib`) in the order of the layers, and those of the server in any; empty: nothing. `folders` and
 * `server` are those of the tree.
 */
export function architectureDifferences(page: string, { layers, folders, server }: Tree): string[] {
  const rows = [...page.matchAll(/^\| `src\/([\w/-]+)` +\|/gm)].map(([, folder = '']) => folder)
  const names = Object.keys(layers)
  const named = rows.filter((row) => !row.startsWith('server/'))
  const upward = names.flatMap((layer, at) =>
    (layers[layer] ?? [])
      .filter((used) => used !== '.*' && names.indexOf(used) > at && !layers[used]?.includes(layer))
      .map((used) => `may not say that ${layer} uses ${used}, which stands below it`),
  )
  return [
    ...(named.join() === names.join() ? [] : [`must name the layers in this order: ${names.join(', ')}`]),
    ...compare(names, folders, 'layer'),
    ...compare(
      rows.filter((row) => row.startsWith('server/')),
      server.map((folder) => `server/${folder}`),
      'row',
    ),
    ...upward,
  ]
}

interface Tree {
  readonly layers: Readonly<Record<string, readonly string[]>>
  readonly folders: readonly string[]
  readonly server: readonly string[]
}

function compare(said: readonly string[], there: readonly string[], what: string): string[] {
  return [
    ...there.filter((folder) => !said.includes(folder)).map((folder) => `has no ${what} for src/${folder}`),
    ...said
      .filter((folder) => !there.includes(folder))
      .map((folder) => `has a ${what} for src/${folder}, which does not exist`),
  ]
}
