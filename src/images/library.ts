import { busyboxSteps, copyBusybox } from './busybox.ts'
import type { ImageDefinition } from './definition.ts'

/** Two releases of an app that differ in a word of their page. */
export type LibraryRelease = 1 | 2

/** A page of a seed library, a shell and a web server; where it is to be served from is the recipe's to say. */
export function library(release: LibraryRelease): ImageDefinition {
  return {
    tag: `cc-ci-fixtures/library:${release}`,
    from: null,
    steps: [
      ...busyboxSteps,
      'RUN ["/bin/mkdir", "-m", "1777", "/tmp"]',
      'RUN ["/bin/mkdir", "-p", "/data", "/www"]',
      'COPY index.html /www/index.html',
      'CMD ["/bin/sh"]',
    ],
    files: { 'index.html': page(release) },
    fetch: { key: 'busybox', into: copyBusybox },
  }
}

function page(release: LibraryRelease): string {
  return `<!doctype html><html><head><title>Seed library</title></head><body><h1>Seed library</h1><p>Forty jars, six shelves, one index that everybody may read and few may write.</p><ul><li>Amaranth</li><li>Barley, harvest ${release}</li><li>Chickpea</li></ul></body></html>\n`
}
