import type { Canary } from '../canary.ts'
import { backup, settings } from '../changes.ts'
import { stops } from '../expect.ts'
import { FIRST_BOOT_TAKES_A_RESTART } from './resilience.ts'

/** End in the tiers `backup` and `restore`. Never released, so that no upgrade is waited for. */
export const BACKUP: Readonly<Record<string, Canary>> = {
  'empty-backup': {
    about: 'The backup hook writes an empty dump and says all is well.',
    expect: stops('backup', 'backup-empty', 'dumps-whole', { without: ['upgrade'], also: { restore: 'blocked' } }),
    base: null,
    both: {
      compose: backup({ 'backup.pre-hook': "sh -c ': > /data/dump.sql'", 'backup.volumes.data.path': 'dump.sql' }),
    },
    fast: 'a snapshot exists, and is of no use',
  },
  'backup-hook-fails': {
    about: 'The backup hook ends with 4.',
    expect: stops(
      'backup',
      'backup-hook-failed',
      { id: 'backup-hook', subject: 'backup.pre-hook' },
      {
        without: ['upgrade'],
        says: /cannot connect/,
      },
    ),
    base: null,
    both: { compose: backup({ 'backup.pre-hook': "sh -c 'echo cannot connect >&2; exit 4'" }) },
  },
  'promised-path-missing': {
    about: 'The labels promise a file that nobody writes.',
    expect: stops('backup', 'backup-not-covered', 'snapshot-covers', {
      without: ['upgrade'],
    }),
    base: null,
    both: { compose: backup({ 'backup.volumes.data.path': 'export/all.json' }) },
  },
  'verify-says-no': {
    about: "The recipe's own rule misses a file in the snapshot.",
    expect: stops('backup', 'backup-not-verified', 'backup-verified', {
      without: ['upgrade'],
      findings: ['backup-not-verified'],
    }),
    base: null,
    both: { files: settings('backup:\n  verify:\n    - { volume: data, path: no-such-file }\n') },
  },
  'restore-hook-fails': {
    about: 'The restore hook ends with 5.',
    expect: stops(
      'restore',
      'restore-hook-failed',
      { id: 'backup-hook', subject: 'restore.post-hook' },
      { without: ['upgrade'] },
    ),
    base: null,
    both: { compose: backup({ 'restore.post-hook': "sh -c 'echo cannot drop >&2; exit 5'" }) },
  },
  'restore-no-effect': {
    about: 'The restore hook wipes what was restored.',
    expect: stops('restore', 'restore-no-effect', 'data-kept', { without: ['upgrade'] }),
    base: null,
    both: { compose: backup({ 'restore.post-hook': "sh -c 'rm -rf /data/* /data/.[!.]*'" }) },
    fast: 'files came back, and are gone',
  },
  'restarts-used-up-by-then': {
    about: 'Its one restart goes with the first boot: the engine does not start it again once it was stopped.',
    expect: stops(
      'restore',
      'service-stranded',
      { id: 'converged', after: { kind: 'lose' } },
      { without: ['upgrade'], says: /its 1 restart is used up/ },
    ),
    base: null,
    both: FIRST_BOOT_TAKES_A_RESTART,
  },
}
