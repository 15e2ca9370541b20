import { expect, it } from 'vitest'
import { keptAppLines } from '../../../src/report/terminal/kept-app.ts'

it('names the edge by address and port in every command that needs it', () => {
  const app = {
    run: '20261123-191254-k3f9qa',
    recipe: './gitea',
    domain: 'gitea-k3f9qa.ci.test',
    stack: 'gitea_k3f9qa',
  }
  const lines = keptAppLines({ ...app, edge: { host: '127.0.0.1', httpsPort: 8443 } }).join('\n')
  expect(lines).toContain('--connect-to gitea-k3f9qa.ci.test:443:127.0.0.1:8443 https://gitea-k3f9qa.ci.test/')
  expect(lines).toContain('"MAP gitea-k3f9qa.ci.test:443 127.0.0.1:8443"')
  expect(lines).toContain('cc-ci test ./gitea --attach 20261123-191254-k3f9qa')
  expect(keptAppLines({ ...app, edge: { host: '::1', httpsPort: 443 } }).join('\n')).toContain(':443:[::1]:443 ')
})
