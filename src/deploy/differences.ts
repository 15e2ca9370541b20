/** One thing that abra and the native deployer each do in their way. */
export interface Difference {
  readonly aspect: string
  /** As documented. */
  readonly abra: string
  readonly native: string
  /**
   * `same`: the test proves that both deployers come to the same. `accommodation`: results of a run with abra say it, in these words (`shown`). `other`: an app meets something else, which is
   * why whoever wants to know runs with abra.
   */
  readonly kind: 'same' | 'accommodation' | 'other'
  /** Begins an accommodation of results, or is the code of a finding. */
  readonly shown?: string
  /** File below `test`, and the title of the test in it. */
  readonly test: readonly [file: string, title: string]
}

const CONTRACT = ['swarm/deployers.test.ts', 'takes an app from nothing to nothing, by way of an upgrade'] as const
const LIFE = ['cli/abra.test.ts', 'takes a healthy recipe through its whole life'] as const

/** What a run with `--deployer abra` does otherwise than one with `--deployer native`; docs/reference/deployers.md is made from it. */
export const DIFFERENCES: readonly Difference[] = [
  {
    aspect: 'environment',
    abra: 'reads the env file of the app, which stays through an upgrade, then the exports of abra.sh',
    native: 'computes the same from `.env.sample` and the settings',
    kind: 'same',
    test: ['deploy/abra/files.test.ts', 'is read as what was written'],
  },
  {
    aspect: 'variables of `app`',
    abra: 'gives the service `app` every variable of the env file that its compose files leave out',
    native: 'does so too',
    kind: 'same',
    test: CONTRACT,
  },
  {
    aspect: 'abra.sh',
    abra: 'reads its exports; `app cmd` and `POST_DEPLOY_CMDS` run its functions, also on the machine of the operator',
    native: 'reads its exports and runs nothing of it',
    kind: 'accommodation',
    shown: 'abra.sh: its exports alone',
    test: LIFE,
  },
  {
    aspect: 'names of secrets',
    abra: 'makes `STACK_NAME_VERSION`, and no other name',
    native: 'makes whatever name the compose files say',
    kind: 'other',
    test: ['deploy/abra/files.test.ts', 'is none that abra makes'],
  },
  {
    aspect: 'values of secrets',
    abra: 'makes them by the modifiers of the env file, and prints them',
    native: 'makes them by the same modifiers, and prints none; abra gets them from a file',
    kind: 'accommodation',
    shown: 'secrets: made by cc-ci',
    test: CONTRACT,
  },
  {
    aspect: 'labels',
    abra: 'sets `recipe`, `chaos` and `chaos-version` of `coop-cloud.STACK`, and leaves `version` and `timeout` as the files have them',
    native: 'sets the same',
    kind: 'same',
    test: CONTRACT,
  },
  {
    aspect: 'chaos',
    abra: 'a changed tree is deployed with `-C` alone, and is `COMMIT+U`: the overlay of cc-ci changes it, also of a released base',
    native: 'a released base is deployed by its version, and only a changed recipe is `+U`',
    kind: 'accommodation',
    shown: 'abra deploys it as chaos',
    test: LIFE,
  },
  {
    aspect: 'version of compose files',
    abra: 'merges files of one version alone: those of the recipe are read as the one that the overlay needs',
    native: 'writes one resolved file of the version that it needs',
    kind: 'accommodation',
    shown: 'compose.yml: read as version',
    test: LIFE,
  },
  {
    aspect: 'prune',
    abra: 'leaves a service that the new version has no more',
    native: 'leaves it too, and reports it (`orphan-service`)',
    kind: 'same',
    test: CONTRACT,
  },
  {
    aspect: 'images',
    abra: 'asks the registry for the digest of each tag as it deploys',
    native: 'pulls and resolves before, and deploys the id; abra is given that id',
    kind: 'same',
    test: CONTRACT,
  },
  {
    aspect: 'configs',
    abra: 'hands templates and files to the engine, which refuses another content under the same name',
    native: 'does so too',
    kind: 'same',
    test: CONTRACT,
  },
  {
    aspect: 'limits, endpoint modes, ports',
    abra: 'as the files have them; what a run bounds and this machine needs is in the overlay',
    native: 'writes the same into the file that it deploys',
    kind: 'same',
    test: CONTRACT,
  },
  {
    aspect: 'convergence',
    abra: 'waits for its own window; `-c` switches that off',
    native: "the watch of cc-ci decides, and does so of abra's deployments too",
    kind: 'same',
    test: ['cli/abra.test.ts', 'tells the true cause of %s'],
  },
  {
    aspect: 'removal',
    abra: 'undeploys and returns before the end; programs may end in their own time; volumes and secrets stay',
    native: 'removes services, kills, and removes the rest; after abra what it left',
    kind: 'other',
    test: CONTRACT,
  },
  {
    aspect: 'backup',
    abra: 'has backup-bot-two do it, where one runs',
    native: "cc-ci's hooks and restic, which are the evidence with abra too",
    kind: 'accommodation',
    shown: 'backed-up-by-bot',
    test: LIFE,
  },
  {
    aspect: 'restore',
    abra: 'has backup-bot-two do it, by flags that nobody here has seen',
    native: "cc-ci's hooks and restic, with abra too",
    kind: 'same',
    test: LIFE,
  },
]
