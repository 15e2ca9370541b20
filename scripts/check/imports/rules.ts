/**
 * Imports point down only; each layer lists what it may use. In this order, so that a layer uses none that stands below it; `inside` and `public` use each other.
 * docs/architecture.md has the same order.
 */
export const layers = {
  lib: [],
  verdict: ['lib'],
  recipe: ['lib', 'verdict'],
  engine: ['lib', 'verdict'],
  images: ['lib', 'engine'],
  edge: ['lib', 'verdict', 'recipe', 'engine', 'images'],
  browser: ['lib', 'verdict', 'engine', 'images', 'edge'],
  machine: ['lib', 'verdict', 'engine', 'images', 'edge', 'browser'],
  deps: ['lib', 'verdict', 'engine', 'images', 'edge'],
  sandbox: ['lib', 'verdict', 'recipe', 'engine', 'images', 'edge'],
  // What runs inside the sandbox and what recipes import: nothing else of cc-ci but the constants of the contract.
  inside: ['public', 'sandbox'],
  public: ['inside'],
  config: ['lib', 'verdict', 'public'],
  gate: ['lib', 'verdict', 'recipe', 'config'],
  deploy: ['lib', 'verdict', 'recipe', 'config', 'engine'],
  backup: ['lib', 'verdict', 'recipe', 'engine', 'deploy'],
  checks: ['lib', 'verdict', 'recipe', 'config', 'engine', 'edge', 'browser'],
  lifecycle: [
    'lib',
    'public',
    'gate',
    'deps',
    'sandbox',
    'verdict',
    'recipe',
    'config',
    'engine',
    'images',
    'machine',
    'edge',
    'browser',
    'deploy',
    'backup',
    'checks',
  ],
  history: ['lib', 'verdict', 'recipe', 'config', 'engine', 'backup', 'lifecycle'],
  init: ['lib', 'recipe', 'config', 'checks'],
  report: ['lib', 'verdict', 'history'],
  server: ['lib', 'verdict', 'recipe', 'config', 'gate', 'machine', 'lifecycle', 'history', 'report'],
  // They run the command line as people do.
  canaries: ['lib', 'verdict', 'engine', 'images', 'browser', 'lifecycle', 'report'],
  cli: ['.*'],
}

export const importRules = {
  forbidden: [
    {
      name: 'no-circular',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'no-tests-from-source',
      severity: 'error',
      from: { path: '^src' },
      to: { path: '^(test|fixtures|scripts)' },
    },
    ...Object.entries(layers).map(([layer, allowed]) => ({
      name: `${layer}-points-down`,
      severity: 'error',
      from: { path: `^src/${layer}/` },
      to: { path: '^src/', pathNot: `^src/(${[layer, ...allowed].join('|')})/` },
    })),
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { extensions: ['.ts', '.js'] },
  },
}
