/** Who sets a variable, and so who has to know about it. */
type SetBy = 'operator' | 'cc-ci' | 'cc-ci for custom code'

interface EnvironmentVariable {
  readonly setBy: SetBy
  readonly type:
    | 'address'
    | 'duration'
    | 'file'
    | 'folder'
    | 'flag'
    | 'image'
    | 'name'
    | 'secret'
    | 'size'
    | 'text'
    | 'URL'
  /** As one would write it; null: none. What depends on the machine stands in `description`. */
  readonly default: string | null
  /** A worker hands it to its runs. */
  readonly toRuns: boolean
  readonly description: string
}

/** One that an operator sets and that a worker hands to its runs. */
const ofRuns = <D extends string | null>(type: EnvironmentVariable['type'], standard: D, description: string) =>
  ({ setBy: 'operator', type, default: standard, toRuns: true, description }) as const

/** One that an operator sets for the command that is started, and for nothing that it starts. */
const ofCommand = <D extends string | null>(type: EnvironmentVariable['type'], standard: D, description: string) =>
  ({ ...ofRuns(type, standard, description), toRuns: false }) as const

const internal = (type: EnvironmentVariable['type'], description: string): EnvironmentVariable => ({
  setBy: 'cc-ci',
  type,
  default: null,
  toRuns: false,
  description,
})

const ofCustomCode = (type: EnvironmentVariable['type'], description: string): EnvironmentVariable => ({
  ...internal(type, description),
  setBy: 'cc-ci for custom code',
})

/** Every variable `CC_CI_*` beside the settings of a server; docs/reference/environment.md is made from it. A new one is a new row. */
export const ENVIRONMENT = {
  CC_CI_STATE: ofCommand(
    'folder',
    null,
    'Where runs, approvals and what is known of the machine are kept. `--state` wins over it. Without both: `$XDG_STATE_HOME/cc-ci`, else `~/.local/state/cc-ci`.',
  ),
  CC_CI_NODE: ofCommand(
    'file',
    null,
    'The Node that `bin/cc-ci` starts, 24 or newer. Without it: the one of `node_modules`, else the one of `PATH`.',
  ),
  CC_CI_RUN_MEMORY: ofCommand(
    'size',
    null,
    'What all services of the app may use of the memory together. `--run-memory` wins over it. Without both: three quarters of the memory of the machine. A worker sets it for each of its runs.',
  ),
  CC_CI_NODES: ofRuns(
    'text',
    null,
    'Where the engines of the other nodes of the Swarm are: `n2=unix:///run/cc-ci-nodes/n2.sock,n3=tcp://10.0.0.3:2376`, each under the host name or the id of its node; by TCP with TLS where `DOCKER_TLS_VERIFY` is set, with the files of `DOCKER_CERT_PATH`. Runs are spread over these nodes and the own one. Without it: every run is on the node of the engine that cc-ci talks to.',
  ),
  CC_CI_DISK_RESERVE: ofRuns(
    'size',
    null,
    'What must stay free on the disk of the engine while runs write; `0` for nothing. Without it: 1 GiB, or a twentieth of a smaller disk.',
  ),
  CC_CI_ALLOW_ENGINE_RESTART: ofCommand(
    'flag',
    null,
    '`1` lets the tier resilience restart the engine, where `cc-ci engine up` started it with the same state folder and no other run is active.',
  ),
  CC_CI_EDGE: ofRuns(
    'address',
    null,
    '`host:port` of the HTTPS port of a Traefik of your own on the network `proxy`. Without it: the one that `cc-ci engine up` starts.',
  ),
  CC_CI_EDGE_CA: ofRuns(
    'file',
    null,
    'PEM file of the authority that signed the certificates of the Traefik of `CC_CI_EDGE`.',
  ),
  CC_CI_EDGE_API: ofRuns(
    'URL',
    null,
    'Where the API of the Traefik of `CC_CI_EDGE` is: `https://USER:PASSWORD@HOST` of its dashboard, or `http://127.0.0.1:PORT`. Without it runs stay unverified, as nobody can be asked which service answered.',
  ),
  CC_CI_KEYCLOAK_DOMAIN: ofRuns(
    'name',
    null,
    'The host name of the shared Keycloak; browsers and containers must resolve it to the Traefik of `CC_CI_EDGE`. Needed with that alone.',
  ),
  CC_CI_KEYCLOAK_IMAGE: ofRuns(
    'image',
    null,
    'An image of Keycloak to use instead of the one that is built on this machine.',
  ),
  CC_CI_IMAGES_AGE: ofRuns(
    'duration',
    '30d',
    'Images that runs pulled are removed when no run has used them for so long; `none` for no limit.',
  ),
  CC_CI_IMAGES_SIZE: ofRuns(
    'size',
    '20G',
    'What images that runs pulled may take together; those that were not used for longest are removed first; `none` for no limit.',
  ),
  CC_CI_ABRA: ofCommand(
    'file',
    null,
    'The abra that `--deployer abra` calls: a path, or a name in `PATH`. Without it: `abra`.',
  ),
  CC_CI_CANONICALS_SIZE: ofRuns(
    'size',
    '10G',
    'What the kept data of green releases (`--promote`) may take on the disk together.',
  ),
  CC_CI_CHECKPOINTS_SIZE: ofCommand(
    'size',
    '2G',
    'What the kept apps of failed runs (`--resume`) may take on the disk together; `0` keeps none.',
  ),
  CC_CI_SERVER: ofCommand(
    'URL',
    null,
    'The server that `cc-ci enroll`, `runs --server` and the like call. `--server` wins over it.',
  ),
  CC_CI_OPERATOR_TOKEN: ofCommand(
    'secret',
    null,
    "The operator's token for calls of a server; `--token-file` wins over it. A server reads its own from the same variable.",
  ),
  CC_CI_RUN: internal('name', 'Marks every process of a run with its id, so that none survives it. Do not set it.'),
  CC_CI_EDGE_KEY: internal('secret', 'The key of the API of the edge, in the environment of its container.'),
  CC_CI_RPC: internal('file', 'Socket in the sandbox over which custom code calls the run.'),
  CC_CI_CODE: internal('folder', "Where the recipe's code is in the sandbox."),
  CC_CI_BROWSER: internal('file', 'The browser in the sandbox.'),
  CC_CI_TESTS: internal('text', 'What the test runner in the sandbox is asked to run, as JSON.'),
  CC_CI_SCREENSHOT: internal('file', 'Where a screenshot hook in the sandbox writes its picture.'),
  CC_CI_DOMAIN: ofCustomCode('name', 'The domain of the app.'),
  CC_CI_BASE_URL: ofCustomCode('URL', 'Where the app answers.'),
  CC_CI_RECIPE: ofCustomCode('name', 'The name of the recipe.'),
  CC_CI_VERSION: ofCustomCode('text', 'The version of the recipe under test; empty where its commit has none.'),
  CC_CI_COMMIT: ofCustomCode('text', 'The commit of the recipe under test.'),
  CC_CI_STEPS: ofCustomCode('folder', 'Where `app-env` and `app-secret` keep what the script hands to the app.'),
  CC_CI_DEP_: ofCustomCode(
    'text',
    '`CC_CI_DEP_<NAME>_<KEY>`: what a dependency gives, in upper snake case; see [dependencies](dependencies.md).',
  ),
} as const satisfies Readonly<Record<`CC_CI_${string}`, EnvironmentVariable>>

export type EnvironmentName = keyof typeof ENVIRONMENT

/** What a worker hands to its runs. The cache of compiled sources is of Node, set by `bin/cc-ci`. */
export const VARIABLES_OF_RUNS: readonly string[] = [
  ...Object.entries(ENVIRONMENT).flatMap(([name, { toRuns }]) => (toRuns ? [name] : [])),
  'NODE_COMPILE_CACHE',
]

/** The value of a variable; an empty one counts as not set. Else its default, or null. */
export function fromEnvironment<N extends EnvironmentName>(
  name: N,
  env: Readonly<Record<string, string | undefined>> = process.env,
): string | (typeof ENVIRONMENT)[N]['default'] {
  return env[name] || ENVIRONMENT[name].default
}
