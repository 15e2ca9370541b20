// Imports point down only; each layer lists what it may use. The order is the one in docs/decisions/0001.
const layers = {
  lib: [],
  verdict: ['lib'],
  recipe: ['lib', 'verdict'],
  config: ['lib', 'verdict', 'public'],
  engine: ['lib', 'verdict'],
  images: ['lib', 'engine'],
  edge: ['lib', 'verdict', 'engine', 'images'],
  deploy: ['lib', 'verdict', 'recipe', 'config', 'engine'],
  backup: ['lib', 'verdict', 'recipe', 'engine', 'deploy'],
  checks: ['lib', 'verdict', 'recipe', 'config', 'engine', 'edge'],
  gate: ['lib', 'verdict', 'recipe', 'config'],
  machine: ['lib', 'verdict', 'engine', 'images', 'edge'],
  deps: ['lib', 'verdict', 'engine', 'images', 'edge'],
  sandbox: ['lib', 'verdict', 'engine', 'images', 'edge'],
  // What runs inside the sandbox and what recipes import: nothing of the harness, but for the contract's constants.
  public: ['inside'],
  inside: ['public', 'sandbox'],
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
    'deploy',
    'backup',
    'checks',
  ],
  history: ['lib', 'verdict', 'recipe', 'config', 'engine', 'backup', 'lifecycle'],
  init: ['lib', 'recipe', 'config', 'checks'],
  report: ['lib', 'verdict', 'history'],
  server: ['lib', 'verdict', 'recipe', 'config', 'gate', 'machine', 'lifecycle', 'history', 'report'],
  // Beside the command line: they run it as people do.
  canaries: ['lib', 'verdict', 'engine', 'images', 'lifecycle', 'report'],
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
