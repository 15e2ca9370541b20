import { chmod, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { docker, tryDocker } from '../engine/docker-cli.ts'
import { randomId } from '../lib/ids.ts'
import { execOk } from '../lib/process/exec.ts'
import { debianBase } from './debian-base.ts'
import { type ImageDefinition, inputTag } from './definition.ts'
import { installPackages } from './packages.ts'
import { checkDownload } from './pinned.ts'

const VERSION = '26.7.3'
/** Of the archive, which is the same for every machine. */
const SHA256 = '27a6535553c3cdcd083872ba40629efafb3475e3b758e0c6f691395561dd0f1f'
const FETCH_DEADLINE_MS = 20 * 60_000
const DISTRIBUTION = `org.keycloak:keycloak-quarkus-dist:${VERSION}:zip`

/**
 * What `kc.sh build` bakes in. The same words stand on the command line at the start: an image that was built with them has nothing to
 * do then, the published image builds itself.
 */
export const KEYCLOAK_BUILD_OPTIONS = ['--db=dev-file', '--cache=local', '--health-enabled=true'] as const

/** The released Keycloak on Debian's Java, started like the published image: `kc.sh` is the entry point. */
export function keycloakImage(): ImageDefinition {
  return {
    tag: `cc-ci/keycloak:${VERSION}`,
    from: debianBase(),
    steps: [
      installPackages(['openjdk-17-jre-headless']),
      `COPY --chown=1000:0 keycloak-${VERSION} /opt/keycloak`,
      'USER 1000:0',
      `RUN /opt/keycloak/bin/kc.sh build ${KEYCLOAK_BUILD_OPTIONS.join(' ')}`,
      'EXPOSE 8080 9000',
      'ENTRYPOINT ["/opt/keycloak/bin/kc.sh"]',
    ],
    fetch: { key: `${DISTRIBUTION} ${SHA256}`, into: fetchKeycloak },
    labels: { 'cc-ci.role': 'dep-image' },
  }
}

/**
 * Maven and the plugins that it fetches for itself are known by no hash: they run in a container that is thrown away, and only the archive comes out. Java's
 * own list of authorities is made when it is installed.
 */
async function fetchKeycloak(folder: string): Promise<void> {
  const name = `cc-ci-fetch-${randomId(8)}`
  const archive = join(folder, 'keycloak.zip')
  try {
    await docker(['run', '--name', name, '--label', 'cc-ci.role=fetch', inputTag(debianBase()), 'sh', '-c', FETCH], {
      timeoutMs: FETCH_DEADLINE_MS,
    })
    await docker(['cp', `${name}:/tmp/keycloak/keycloak-quarkus-dist-${VERSION}.zip`, archive])
  } finally {
    await tryDocker(['rm', '--force', name], { timeoutMs: 5 * 60_000 })
  }
  await checkDownload(archive, { what: `Keycloak ${VERSION}`, sha256: SHA256 })
  // It has Unix modes, which this tool forgets: what is run are the scripts in bin.
  await execOk('python3', ['-m', 'zipfile', '--extract', archive, folder], { timeoutMs: FETCH_DEADLINE_MS })
  await rm(archive)
  const bin = join(folder, `keycloak-${VERSION}`, 'bin')
  for (const script of await readdir(bin)) if (script.endsWith('.sh')) await chmod(join(bin, script), 0o755)
}

const FETCH = [
  'apt-get update -qq',
  'export DEBIAN_FRONTEND=noninteractive',
  'apt-get install -y -qq --no-install-recommends openjdk-17-jre-headless maven',
  `mvn -q -B dependency:copy -Dartifact=${DISTRIBUTION} -DoutputDirectory=/tmp/keycloak`,
].join(' && ')
