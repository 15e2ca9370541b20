// cspell:ignore nektos azblob azcore azidentity Necoro mssqldb denisenkom urfave jaytaylor iife stubs hashicorp mariusor
/** The Gitea of the server's tests. */
export const GITEA_VERSION = '1.26.0'

/** What Gitea's own go.mod of each version replaces: the directives of a dependency are not inherited. */
const REPLACED = {
  '1.25.4': [
    'git.sr.ht/~mariusor/go-xsd-duration => gitea.com/gitea/go-xsd-duration v0.0.0-20220703122237-02e73435a078',
    'github.com/hashicorp/go-version => github.com/6543/go-version v1.3.1',
    'github.com/jaytaylor/html2text => github.com/Necoro/html2text v0.0.0-20250804200300-7bf1ce1c7347',
    'github.com/nektos/act => gitea.com/gitea/act v0.261.7-0.20251003180512-ac6e4b751763',
  ],
  '1.26.0': [
    'github.com/Azure/azure-sdk-for-go/sdk/azcore => github.com/Azure/azure-sdk-for-go/sdk/azcore v1.19.0',
    'github.com/Azure/azure-sdk-for-go/sdk/storage/azblob => github.com/Azure/azure-sdk-for-go/sdk/storage/azblob v1.6.2',
    'github.com/jaytaylor/html2text => github.com/Necoro/html2text v0.0.0-20250804200300-7bf1ce1c7347',
    'github.com/microsoft/go-mssqldb => github.com/microsoft/go-mssqldb v1.9.7',
    'github.com/nektos/act => gitea.com/gitea/act v0.261.10',
    'github.com/urfave/cli/v3 => github.com/urfave/cli/v3 v3.4.1',
    'go.yaml.in/yaml/v4 => go.yaml.in/yaml/v4 v4.0.0-rc.3',
  ],
} as const

export type GiteaVersion = keyof typeof REPLACED

/** A module that builds this version, with what its own go.mod says. */
export function goMod(version: GiteaVersion): string {
  return `module forge

go 1.26.0

tool code.gitea.io/gitea

require code.gitea.io/gitea v${version}

replace (
${REPLACED[version].map((row) => `\t${row}\n`).join('')})
`
}

/**
 * What stands in for the built frontend, which the Go module does not carry. Without `iife.js` a page's onerror calls alert(), which
 * blocks a browser that nobody watches forever.
 */
export const PUBLIC_FILES: Readonly<Record<string, string>> = {
  'assets/.vite/manifest.json': '{}\n',
  'assets/css/theme-gitea-auto.css': '\n',
  'assets/css/index.css':
    'body{font-family:sans-serif;margin:0 2em} svg{width:16px;height:16px} .tw-hidden,.ui.modal,template{display:none}\n',
  'assets/js/index.js': 'export {};\n',
  'assets/js/iife.js':
    'window.localUserSettings = { getString: (k, d) => d ?? "", setString() {}, getBoolean: (k, d) => d ?? false, setBoolean() {}, getJsonObject: (k, d) => d, setJsonObject() {} };\n',
}
