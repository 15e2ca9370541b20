import { EXIT } from '../../lib/errors.ts'
import type { Canary } from '../canary.ts'
import { all, app, healthcheck } from '../changes.ts'
import { HELD_PORT, heldPort } from '../disturbances/held-port.ts'
import { leftBehind } from '../disturbances/left-behind.ts'
import { MOVING_IMAGE, movedImage } from '../disturbances/moved-image.ts'
import { silentEngine } from '../disturbances/silent-engine.ts'
import { blockedProfile, deadBrowser, fullDisk, otherCommit, signalled } from '../disturbances/simple.ts'
import { spilledSecret } from '../disturbances/spilled-secret.ts'
import { strangeAbra } from '../disturbances/strange-abra.ts'
import { strangeEngine } from '../disturbances/strange-engine.ts'
import { passes, stops } from '../expect.ts'
import { LISTEN } from '../tiny.ts'

const UNRELEASED = { without: ['upgrade'] } as const
const infra = { ...UNRELEASED, blame: 'infra' } as const
const ci = { ...UNRELEASED, blame: 'ci' } as const
const DEPLOYED = ['images-resolved'] as const

/** Healthy recipes on a machine, or under a cc-ci, that is not. */
export const MACHINE: Readonly<Record<string, Canary>> = {
  interrupted: {
    about: 'Stopped by whoever started it.',
    expect: { ...stops('install', 'interrupted', null, { ...infra, after: [] }), exitCode: EXIT.sigterm },
    base: null,
    disturbance: signalled('SIGTERM'),
  },
  'port-held': {
    about: 'Publishes a port that another program of the machine holds.',
    expect: stops('install', 'port-in-use', 'converged', infra),
    args: ['--allow', 'host-port'],
    base: null,
    head: { compose: app({ ports: [{ target: 8080, published: HELD_PORT, protocol: 'tcp', mode: 'host' }] }) },
    disturbance: heldPort,
  },
  'engine-lost': {
    about: 'The engine hangs.',
    expect: stops('install', 'engine-lost', { id: 'tier-ran', subject: 'install' }, { ...infra, after: DEPLOYED }),
    base: null,
    disturbance: silentEngine,
  },
  'strange-engine': {
    about: 'The engine answers in a form that no engine had so far.',
    expect: stops('install', 'engine-answer', { id: 'tier-ran', subject: 'install' }, { ...infra, after: DEPLOYED }),
    base: null,
    disturbance: strangeEngine,
    fast: 'a release of Docker must never read as an error of cc-ci',
  },
  'strange-abra': {
    about: 'abra, which is to deploy it, fails for a reason that nobody can tell.',
    expect: stops('install', 'deployer-failed', { id: 'tier-ran', subject: 'install' }, { ...infra, after: [] }),
    base: null,
    disturbance: strangeAbra,
  },
  'dead-browser': {
    about: 'The browser does not start.',
    expect: stops(
      'install',
      'screenshot-failed',
      { id: 'tier-ran', subject: 'install' },
      {
        ...ci,
        after: [...DEPLOYED, 'converged', 'task-answers'],
      },
    ),
    base: null,
    disturbance: deadBrowser,
  },
  'disk-full': {
    about: 'The disk is full.',
    expect: stops(
      'install',
      'disk-full',
      { id: 'tier-ran', subject: 'install' },
      {
        ...infra,
        after: [...DEPLOYED, 'converged', 'task-answers'],
      },
    ),
    base: null,
    disturbance: fullDisk,
  },
  'own-folder-blocked': {
    about: 'cc-ci meets something that it did not think of.',
    expect: stops(
      'install',
      'harness-error',
      { id: 'tier-ran', subject: 'install' },
      {
        ...ci,
        after: [...DEPLOYED, 'converged', 'task-answers'],
      },
    ),
    base: null,
    disturbance: blockedProfile,
  },
  'other-commit': {
    about: 'What runs in the end is not head.',
    expect: stops('upgrade', 'head-not-deployed', 'head-runs', { blame: 'ci' }),
    both: { serve: `sleep 2\n${LISTEN}` },
    disturbance: otherCommit,
  },
  'left-behind': {
    about: 'Something of the run is there after its removal.',
    expect: {
      ...stops('teardown', 'teardown-leak', 'nothing-left', {
        ...ci,
        without: ['upgrade', 'teardown'],
      }),
      flags: { cleanTeardown: false, noSecretLeak: true },
    },
    base: null,
    disturbance: leftBehind,
    fast: 'a leak that nobody finds is the next run',
  },
  'spilled-secret': {
    about: 'A secret stands in a text that is kept.',
    expect: {
      ...stops('teardown', 'secret-leaked', null, ci),
      flags: { cleanTeardown: true, noSecretLeak: false },
    },
    base: null,
    head: {
      env: 'SECRET_TOKEN_VERSION=v1 # length=32\n',
      compose: all(
        (compose) => {
          compose.secrets = { token: { external: true, name: '${STACK_NAME}_token_${SECRET_TOKEN_VERSION:-v1}' } }
        },
        app({ secrets: ['token'] }),
      ),
    },
    disturbance: spilledSecret,
  },
  'image-moved': {
    about: 'Its image reference means another image than in the run before.',
    expect: passes({ ...UNRELEASED, findings: ['image-moved'] }),
    base: null,
    head: { compose: all(app({ image: MOVING_IMAGE }), healthcheck({ interval: '1s' })) },
    disturbance: movedImage,
  },
}
