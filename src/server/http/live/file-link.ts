import type { FileLink } from '../../../report/html/tier.ts'

/** Where a file of a run is found on this server. */
export function fileLink(run: string): FileLink {
  return (path) => `/runs/${run}/files/${path.split('/').map(encodeURIComponent).join('/')}`
}
