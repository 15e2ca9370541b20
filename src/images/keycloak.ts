import { debianBase } from './debian-base.ts'
import type { ImageDefinition } from './definition.ts'

const VERSION = '26.7.3'
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
      unpack(),
      'USER 1000:0',
      `RUN /opt/keycloak/bin/kc.sh build ${KEYCLOAK_BUILD_OPTIONS.join(' ')}`,
      'EXPOSE 8080 9000',
      'ENTRYPOINT ["/opt/keycloak/bin/kc.sh"]',
    ],
    labels: { 'cc-ci.role': 'dep-image' },
  }
}

/** One step, so that Maven and the archive are in no layer. Java's own list of authorities is made when it is installed. */
function unpack(): string {
  return `RUN ${[
    'apt-get update -qq',
    'export DEBIAN_FRONTEND=noninteractive',
    'apt-get install -y -qq --no-install-recommends openjdk-17-jre-headless maven unzip',
    `mvn -q -B dependency:copy -Dartifact=${DISTRIBUTION} -DoutputDirectory=/tmp/keycloak`,
    'unzip -q /tmp/keycloak/*.zip -d /opt',
    `mv /opt/keycloak-${VERSION} /opt/keycloak`,
    'chown -R 1000:0 /opt/keycloak',
    'apt-get purge -y -qq --auto-remove maven unzip',
    'rm -rf /tmp/keycloak /root/.m2 /var/lib/apt/lists/* /var/cache/apt/*',
  ].join(' && ')}`
}
