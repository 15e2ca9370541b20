import { debianBase } from './debian-base.ts'
import type { ImageDefinition } from './definition.ts'
import { installPackages } from './packages.ts'

/** What runs wherever cc-ci has to look into volumes or networks: restic, sqlite3, GNU find and tar, busybox httpd and nc. */
export const TOOLBOX_TAG = 'cc-ci/toolbox:1'

/** The definition behind TOOLBOX_TAG. */
export function toolbox(): ImageDefinition {
  return {
    tag: TOOLBOX_TAG,
    from: debianBase(),
    steps: [installPackages(['restic', 'sqlite3', 'busybox-static'])],
    labels: { 'cc-ci.role': 'toolbox' },
  }
}
