import { debianBase } from './debian-base.ts'
import type { ImageDefinition } from './definition.ts'
import { installPackages } from './packages.ts'

/** What runs wherever cc-ci has to look into volumes or networks: restic, sqlite3, GNU find and tar, busybox httpd and nc. */
export const TOOLBOX_TAG = 'cc-ci/toolbox:1'

const EMPTY = '/usr/local/share/cc-ci/empty-repository'
const PROGRAM = '/usr/local/bin/new-repository'
/**
 * `new-repository` in the image copies an empty restic repository to $RESTIC_REPOSITORY: `restic init` derives a key for about three
 * seconds of processor time, as much as all other restic commands of a run together. A repository lives and dies with its run, beside
 * the data itself: the password protects nothing, restic just wants one.
 */
const NEW_REPOSITORY = [
  'ENV RESTIC_PASSWORD=cc-ci',
  `RUN restic init --no-cache --repo ${EMPTY}`,
  `RUN printf '#!/bin/sh\\nexec cp -r ${EMPTY} "$RESTIC_REPOSITORY"\\n' > ${PROGRAM} && chmod 755 ${PROGRAM}`,
]

/** The definition behind TOOLBOX_TAG. */
export function toolbox(): ImageDefinition {
  return {
    tag: TOOLBOX_TAG,
    from: debianBase(),
    steps: [installPackages(['restic', 'sqlite3', 'busybox-static']), ...NEW_REPOSITORY],
    labels: { 'cc-ci.role': 'toolbox' },
  }
}
