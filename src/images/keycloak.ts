import { chmod, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { docker, tryDocker } from '../engine/docker-cli.ts'
import { randomId } from '../lib/ids.ts'
import { execOk } from '../lib/process/exec.ts'
import { debianBase } from './debian-base.ts'
import { type ImageDefinition, inputTag } from './definition.ts'
import { installPackages } from './packages.ts'
import { checkDownload } from './pinned.ts'

const FETCH_DEADLINE_MS = 20 * 60_000

/**
 * What `kc.sh build` bakes in. The same words stand on the command line at the start: an image that was built with them has nothing to
 * do then, the published image builds itself.
 */
export const KEYCLOAK_BUILD_OPTIONS = ['--db=dev-file', '--cache=local', '--health-enabled=true'] as const

/** What `kc.sh build` takes, and SHA-256 of the archive, which is the same for every machine. */
const RELEASES = {
  // Where its cache is was not asked before the start then.
  '26.0.7': {
    build: ['--db=dev-file', '--health-enabled=true'],
    sha256: '25353b74613bcf72db67f8addbd88d832c705a69333091a16573d249d665fe21',
  },
  '26.7.3': {
    build: KEYCLOAK_BUILD_OPTIONS,
    sha256: '27a6535553c3cdcd083872ba40629efafb3475e3b758e0c6f691395561dd0f1f',
  },
} as const

export type KeycloakVersion = keyof typeof RELEASES

/** The released Keycloak on Debian's Java, started like the published image: `kc.sh` is the entry point. */
export function keycloakImage(version: KeycloakVersion = '26.7.3'): ImageDefinition {
  return {
    tag: `cc-ci/keycloak:${version}`,
    from: debianBase(),
    steps: [
      installPackages(['openjdk-17-jre-headless']),
      `COPY --chown=1000:0 keycloak-${version} /opt/keycloak`,
      'USER 1000:0',
      `RUN /opt/keycloak/bin/kc.sh build ${RELEASES[version].build.join(' ')}`,
      'EXPOSE 8080 9000',
      'ENTRYPOINT ["/opt/keycloak/bin/kc.sh"]',
    ],
    fetch: {
      key: `${distribution(version)} ${RELEASES[version].sha256}`,
      into: (folder) => fetchKeycloak(version, folder),
    },
    labels: { 'cc-ci.role': 'dep-image' },
  }
}

/**
 * Maven and the plugins that it fetches for itself are known by no hash: they run in a container that is thrown away, and only the archive comes out. Java's
 * own list of authorities is made when it is installed.
 */
async function fetchKeycloak(version: KeycloakVersion, folder: string): Promise<void> {
  const name = `cc-ci-fetch-${randomId(8)}`
  const archive = join(folder, 'keycloak.zip')
  try {
    await docker(
      ['run', '--name', name, '--label', 'cc-ci.role=fetch', inputTag(debianBase()), 'sh', '-c', fetching(version)],
      {
        timeoutMs: FETCH_DEADLINE_MS,
      },
    )
    await docker(['cp', `${name}:/tmp/keycloak/keycloak-quarkus-dist-${version}.zip`, archive])
  } finally {
    await tryDocker(['rm', '--force', name], { timeoutMs: 5 * 60_000 })
  }
  await checkDownload(archive, { what: `Keycloak ${version}`, sha256: RELEASES[version].sha256 })
  // It has Unix modes, which this tool forgets: what is run are the scripts in bin.
  await execOk('python3', ['-m', 'zipfile', '--extract', archive, folder], { timeoutMs: FETCH_DEADLINE_MS })
  await rm(archive)
  const bin = join(folder, `keycloak-${version}`, 'bin')
  for (const script of await readdir(bin)) if (script.endsWith('.sh')) await chmod(join(bin, script), 0o755)
}

function fetching(version: KeycloakVersion): string {
  return [
    'apt-get update -qq',
    'export DEBIAN_FRONTEND=noninteractive',
    'apt-get install -y -qq --no-install-recommends openjdk-17-jre-headless maven',
    `mvn -q -B dependency:copy -Dartifact=${distribution(version)} -DoutputDirectory=/tmp/keycloak`,
  ].join(' && ')
}

function distribution(version: KeycloakVersion): string {
  return `org.keycloak:keycloak-quarkus-dist:${version}:zip`
}
