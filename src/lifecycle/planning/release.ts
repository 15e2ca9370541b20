import type { Settings } from '../../config/settings.ts'
import type { App, Release, RunAdditions } from '../../deploy/deployer.ts'
import { collectErrors } from '../../lib/collect-errors.ts'
import type { RecipeError } from '../../lib/errors.ts'
import type { AppEnv, RecipeTree } from '../../recipe/model.ts'
import { releaseVersionLabel } from '../../recipe/repository/versions.ts'
import { secretSpecs } from '../../recipe/secrets/secrets.ts'
import { appEnv } from '../../recipe/stack/app-env.ts'
import { composeFiles, resolveStack } from '../../recipe/stack/resolve.ts'

export interface ReleaseSource {
  readonly app: App
  readonly tree: RecipeTree
  readonly commit: string
  readonly chaos: boolean
  readonly dirty: boolean
  /** As a person finds it, the `compose.ci.yml` that was copied into the tree: it joins the compose files, and the deployment counts as chaos. */
  readonly overlay: string | null
  readonly added: RunAdditions
}

/** The CI overlay as it lies in a checkout of the run. */
export const OVERLAY = 'compose.ci.yml'

/** The environment of a newly created app: the recipe's own `.env.sample` plus the settings. */
export function newAppEnv(source: ReleaseSource, settings: Settings): AppEnv {
  return envOf(source, source.tree, settings.env)
}

/** The release as a newly created app: its environment is the recipe's own `.env.sample` plus the settings. */
export async function newAppRelease(source: ReleaseSource, settings: Settings): Promise<Release> {
  return releaseWith(source, source.tree, { extra: settings.env, settings })
}

/**
 * The release as an upgrade of an app that was created from `base`. Operators keep their env file through an upgrade, so the
 * environment is the one made from the base's `.env.sample`; only abra.sh is read again (coopcloud.tech operators handbook).
 */
export async function upgradedRelease(source: ReleaseSource, base: RecipeTree, settings: Settings): Promise<Release> {
  const extra = { ...settings.env, ...settings.upgrade.env }
  return releaseWith(source, { ...source.tree, env: base.env }, { extra, settings })
}

/** What the upgrade deploys, or why operators could not: head alone resolves, and with the env file of the base it does not. */
export interface Upgrade {
  readonly upgrade: Release | null
  readonly upgradeFaults: readonly RecipeError[]
}

/** `base`: the chosen one's tree; null without one, and then there is neither. */
export async function upgradeOf(source: ReleaseSource, base: RecipeTree | null, settings: Settings): Promise<Upgrade> {
  const upgradeFaults: RecipeError[] = []
  const upgrade = base && (await collectErrors(upgradeFaults, () => upgradedRelease(source, base, settings)))
  return { upgrade, upgradeFaults }
}

/** Keys of head's `.env.sample` whose value an upgraded app does not get, because its env file is older. */
export function envNewAtHead(base: RecipeTree, head: RecipeTree, settings: Settings): string[] {
  const provided = new Set([...Object.keys(settings.env), ...Object.keys(settings.upgrade.env)])
  return [...head.env.values]
    .filter(([key, value]) => base.env.values.get(key) !== value && !provided.has(key))
    .map(([key]) => key)
}

async function releaseWith(
  source: ReleaseSource,
  envTree: RecipeTree,
  { extra, settings }: { readonly extra: Readonly<Record<string, string>>; readonly settings: Settings },
): Promise<Release> {
  const { app, tree } = source
  const env = envOf(source, envTree, extra)
  const stack = await resolveStack(tree, env, new Map(source.overlay === null ? [] : [[OVERLAY, source.overlay]]))
  return {
    app,
    dir: tree.dir,
    commit: source.commit,
    version: releaseVersionLabel(stack),
    chaos: source.chaos || source.overlay !== null,
    dirty: source.dirty || source.overlay !== null,
    env,
    stack,
    secrets: secretSpecs(tree, env, stack),
    added: {
      ...source.added,
      memoryBytes: settings.resources.memory,
      processes: settings.resources.processes,
      logBytes: settings.resources.log,
      rawSockets: source.added.rawSockets || settings.policy.allow.includes('raw-sockets'),
    },
  }
}

function envOf({ app, overlay }: ReleaseSource, envTree: RecipeTree, extra: Readonly<Record<string, string>>): AppEnv {
  // An empty LETS_ENCRYPT_ENV selects no certificate resolver: the edge serves its own certificate and asks no authority.
  const env = appEnv(envTree, { ...extra, DOMAIN: app.domain, STACK_NAME: app.stack, LETS_ENCRYPT_ENV: '' })
  if (overlay === null) return env
  return new Map([...env, ['COMPOSE_FILE', [...composeFiles(env), OVERLAY].join(':')]])
}
