import type { Canary } from '../canary.ts'
import {
  all,
  backup,
  CRASH,
  companion,
  label,
  onFailure,
  publishedPort,
  type RecipeChange,
  secondHost,
  settings,
  unlabel,
} from '../changes.ts'
import { cutHistory } from '../disturbances/simple.ts'
import { stops, WAY_BACK } from '../expect.ts'
import { LISTEN, PAGE } from '../tiny.ts'

const LINT_TOO = { unchecked: ['lint-clean'] } as const

/** Ends in the tier `upgrade`: the release is healthy, head is not. */
export const UPGRADE: Readonly<Record<string, Canary>> = {
  'crash-at-upgrade-paused': {
    about: 'Head crashes beside the old task; the recipe asks for a pause, which leaves the old one.',
    expect: stops('upgrade', 'update-paused', 'converged'),
    head: {
      serve: CRASH,
      compose(compose) {
        onFailure('pause')(compose)
        compose.services.app.deploy.update_config.order = 'start-first'
      },
    },
  },
  'crash-at-upgrade-continue': {
    about: 'Head crashes; the recipe asks to continue.',
    expect: stops('upgrade', 'crash-loop', 'converged'),
    head: { serve: CRASH, compose: onFailure('continue') },
  },
  'rolled-back': {
    about: 'Head crashes; the engine puts the old version back, which serves.',
    expect: stops('upgrade', 'rolled-back', 'converged', { also: { backup: 'blocked' } }),
    head: { serve: CRASH },
    fast: 'the app serves, which hides the fault from a plain look',
  },
  'data-lost': {
    about: 'Head renames the volume, so that the app starts empty.',
    expect: stops('upgrade', 'data-lost', 'data-kept'),
    head: {
      compose: (compose) => {
        compose.volumes = { appdata: {} }
        compose.services.app.volumes = ['appdata:/data']
      },
    },
  },
  'volume-renamed': {
    about: 'Head keeps the key of its volume and gives it another name, so that the app starts empty.',
    expect: stops('upgrade', 'data-lost', 'data-kept'),
    head: {
      compose: (compose) => {
        compose.volumes = { data: { name: '${STACK_NAME}_appdata' } }
      },
    },
  },
  'data-wiped-in-place': {
    about: 'Head empties the volume it keeps, as `rm -rf data/*` does: hidden files stay.',
    expect: stops('upgrade', 'data-lost', 'data-kept'),
    base: { serve: `echo 'a note' > /data/note.txt\n${LISTEN}` },
    head: { serve: `rm -rf /data/*\necho new > /data/first.txt\n${LISTEN}` },
    fast: 'all serves; only the data tells',
  },
  'router-misspelt': {
    about: 'Head writes `router` for `routers` in one label: nobody reaches the app any more.',
    expect: stops('upgrade', 'proxy-fallback', 'task-answers', {
      ...LINT_TOO,
      also: { lint: 'http-not-serving' },
      says: /Did you mean "routers"/,
    }),
    head: {
      compose: all(
        unlabel('traefik.http.routers.${STACK_NAME}.rule'),
        label('traefik.http.router.${STACK_NAME}.rule', 'Host(`${DOMAIN}`)'),
      ),
    },
    fast: 'what cannot be looked at must not count as nothing to look at',
  },
  'http-dropped': {
    about: 'Head has no label of Traefik any more: its level would be that of an app without HTTP.',
    expect: stops('upgrade', 'regression', 'still-there', {
      ...LINT_TOO,
      also: { lint: 'compose-invalid' },
      after: ['converged', 'head-runs', 'delta-runs'],
    }),
    head: { compose: unlabel('traefik.') },
  },
  'route-dropped': {
    about: 'The release serves at a second host; head leaves it out.',
    expect: stops('upgrade', 'regression', 'still-there', {
      besides: { install: ['routes-lead'] },
      says: /www\.DOMAIN/,
    }),
    base: { compose: secondHost },
    fast: 'the first host answers, so that nothing else notices',
  },
  'port-dropped': {
    about: 'The release publishes a port; head does not.',
    expect: stops('upgrade', 'regression', 'still-there', { says: /18972\/tcp/ }),
    args: ['--allow', 'host-port'],
    base: { compose: publishedPort(18_972) },
  },
  'port-closed': {
    about: 'Head publishes the port still, and nothing listens behind it.',
    expect: stops('upgrade', 'regression', 'still-there', { says: /nothing listens behind 18974/ }),
    args: ['--allow', 'host-port'],
    base: { compose: publishedPort(18_974) },
    head: { compose: publishedPort(18_974, 8081) },
  },
  'backup-dropped': {
    about: 'Head keeps its volume and has no backup labels any more: there would be nothing to judge.',
    expect: stops('upgrade', 'regression', 'still-there', { says: /data is not backed up/ }),
    head: { compose: unlabel('backupbot.') },
  },
  'database-locked-out': {
    about: 'A key-value store no longer takes the password of its own container.',
    expect: stops(
      'upgrade',
      'data-unreadable',
      { id: 'tier-ran', subject: 'upgrade' },
      { verdict: 'unverified', says: /NOAUTH/ },
    ),
    base: { compose: keyValueStore('PONG') },
    head: { compose: keyValueStore('NOAUTH Authentication required.') },
  },
  'rollback-data-lost': {
    about:
      'The restore hook of the release wipes what was restored: nobody who goes back after the upgrade has their data.',
    expect: stops('rollback', 'rollback-data-lost', 'data-kept', {
      only: ['install', 'upgrade'],
      besides: { upgrade: ['backed-up-before'], rollback: WAY_BACK.slice(0, 6) },
      says: /marker file is gone/,
    }),
    args: ['--only', 'upgrade', '--rollback'],
    base: { compose: backup({ 'restore.post-hook': "sh -c 'rm -rf /data/* /data/.[!.]*'" }) },
  },
  'history-cut': {
    about: 'A shallow clone without an origin: there may be a release to upgrade from, or not.',
    expect: stops('upgrade', 'base-unknown', 'base-readable', {
      blame: 'infra',
      verdict: 'unverified',
      says: /shallow/,
    }),
    disturbance: cutHistory,
  },
  'no-version-delta': {
    about: 'The pinned base runs the very same thing as head.',
    expect: stops('upgrade', 'no-version-delta', 'base-differs', { verdict: 'unverified' }),
    sameAsBase: true,
    both: { files: settings('upgrade:\n  from: 1.0.0+1\n') },
    fast: 'an upgrade to itself must never be green',
  },
  'env-too-old': {
    about: 'Head needs a variable that the env file of an older app does not have: every operator is stopped.',
    expect: stops('upgrade', 'compose-invalid', 'env-suffices', { says: /MAIL_HOST/ }),
    head: {
      env: 'MAIL_HOST=mail.example.com\n',
      compose: (compose) => {
        compose.services.app.environment = { ...compose.services.app.environment, MAIL_HOST: '${MAIL_HOST:?set it}' }
      },
    },
  },
  'config-not-bumped': {
    about: 'Head changes a config file and keeps its version: the engine refuses the stack.',
    expect: stops(
      'upgrade',
      'config-version-not-bumped',
      { id: 'tier-ran', subject: 'upgrade' },
      {
        ...LINT_TOO,
        also: { lint: 'config-version-not-bumped' },
      },
    ),
    base: { files: { 'abra.sh': 'export SERVE_VERSION=v1\n' } },
    head: { serve: `${PAGE}\necho more\n${LISTEN}`, files: { 'abra.sh': 'export SERVE_VERSION=v1\n' } },
  },
  unwatched: {
    about: 'The settings forbid witnesses: nobody can say whether the data survived.',
    expect: stops('upgrade', 'evidence-missing', null, {
      blame: 'ci',
      unchecked: ['data-kept'],
    }),
    both: { files: settings('witness: false\n') },
  },
}

/** What cc-ci takes for a Redis by its data folder; its client gives this answer to a PING and keeps nothing. */
function keyValueStore(answer: string): RecipeChange {
  return (compose) => {
    const client = `printf '#!/bin/sh\\ncase "$$*" in *PING) echo "${answer}" ;; esac\\n' > /bin/redis-cli; chmod +x /bin/redis-cli`
    const store = companion(compose, `${client}; trap 'exit 0' TERM; while true; do sleep 1; done`, 'any')
    compose.services.kv = { ...store, volumes: ['kv:/var/lib/redis'] }
    compose.volumes.kv = {}
  }
}
