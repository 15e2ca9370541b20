import type { Canary } from '../canary.ts'
import { type Change, CRASH, companion, onFailure, settings } from '../changes.ts'
import { stops } from '../expect.ts'
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
    about: 'Head crashes; the recipe asks to go on.',
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
    about: 'Head names the volume anew, so that the app starts empty.',
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
  'no-version-delta': {
    about: 'The pinned base runs the very same thing as head.',
    expect: stops('upgrade', 'no-version-delta', 'base-differs', { verdict: 'unverified' }),
    sameAsBase: true,
    both: { files: settings('upgrade:\n  from: 1.0.0+1\n') },
    fast: 'an upgrade to itself must never be green',
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
      only: ['install', 'upgrade'],
      unchecked: ['data-kept'],
    }),
    args: ['--only', 'upgrade'],
    both: { files: settings('witness: false\n') },
  },
}

/** What cc-ci takes for a Redis by its data folder; its client gives this answer to a PING and keeps nothing. */
function keyValueStore(answer: string): Change {
  return (compose) => {
    const client = `printf '#!/bin/sh\\ncase "$$*" in *PING) echo "${answer}" ;; esac\\n' > /bin/redis-cli; chmod +x /bin/redis-cli`
    const store = companion(compose, `${client}; trap 'exit 0' TERM; while true; do sleep 1; done`, 'any')
    compose.services.kv = { ...store, volumes: ['kv:/var/lib/redis'] }
    compose.volumes.kv = {}
  }
}
