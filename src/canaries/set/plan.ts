import type { Canary } from '../canary.ts'
import { settings } from '../changes.ts'
import { refused } from '../expect.ts'

/** Found before anything is made. */
export const PLAN: Readonly<Record<string, Canary>> = {
  'bad-settings': {
    about: 'A key of the settings is misspelt.',
    expect: refused('config-invalid'),
    both: { files: settings('helth:\n  path: /ok.txt\n') },
    fast: 'costs nothing',
  },
  'bad-compose': {
    about: 'A service is a list where a mapping is due.',
    expect: refused('compose-invalid'),
    both: { files: { 'compose.yml': 'version: "3.8"\nservices:\n  - app\n' } },
    fast: 'costs nothing',
  },
}
