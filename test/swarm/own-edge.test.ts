import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { makeCertificate } from '../../src/edge/certificate.ts'
import { docker, tryDocker } from '../../src/engine/docker-cli.ts'
import { inputTag } from '../../src/images/definition.ts'
import { traefikImage } from '../../src/images/traefik.ts'
import { waitFor } from '../../src/lib/async/wait.ts'
import { randomId } from '../../src/lib/ids.ts'
import { exec, wholeEnv } from '../../src/lib/process/exec.ts'
import { openWorkshop } from '../cli/cc-ci.ts'

const MINUTE = 60_000
const DASHBOARD = 'traefik-of-a-person.ci.test'
const PASSWORD = 'only-the-operator-knows'
const UNASKED = 'Warning: runs stay unverified, as nobody can be asked whose answers it gives: set CC_CI_EDGE_API'

// What an operator's own Traefik may take from whom is asked in route-takeover.test.ts.
test(
  "doctor tells of an operator's own Traefik whose API every app can read, and of no other",
  async () => {
    await using edge = ownEdge()
    const env = { CC_CI_EDGE: '127.0.0.1:8443' }
    await edge.start(['--api.insecure=true'])
    const warning = new RegExp(
      `^CC_CI_EDGE 127\\.0\\.0\\.1:8443\\. ${UNASKED}\\. Warning: every app can read the API of ${edge.name}, `,
    )
    // It listens before it has its own routes.
    await expect.poll(() => reported(env), { timeout: 3 * MINUTE }).toMatch(warning)
    await edge.remove()
    await edge.start(['--api.insecure=false', '--api.dashboard=true'])
    expect(await reported(env)).toBe(`CC_CI_EDGE 127.0.0.1:8443. ${UNASKED}`)
  },
  10 * MINUTE,
)

test(
  "a run passes behind an operator's own Traefik that tells its routes for a password, and has its page",
  async () => {
    await using edge = ownEdge()
    await using workshop = openWorkshop()
    const { ca, certificate, key } = await makeCertificate()
    const authority = join(workshop.dir, 'authority.pem')
    writeFileSync(authority, ca)
    const port = await edge.start(['--api.dashboard=true', '--providers.file.filename=/operator/operator.yml'], {
      'operator.yml': OPERATORS_FILE,
      'leaf.pem': certificate,
      'leaf.key': key,
    })
    const env = {
      CC_CI_EDGE: `127.0.0.1:${port}`,
      CC_CI_EDGE_CA: authority,
      CC_CI_EDGE_API: `https://ops:${PASSWORD}@${DASHBOARD}`,
    }
    await expect.poll(() => reported(env), { timeout: 3 * MINUTE }).toBe(`CC_CI_EDGE ${env.CC_CI_EDGE}`)
    const done = await workshop.test([await workshop.recipe('healthy'), '--only', 'install'], { env })
    expect(done.results.verdict, done.stdout).toBe('pass')
    expect(done.results.environment).toMatchObject({ edge: 'foreign' })
    const picture = done.results.artifacts.find(({ kind }) => kind === 'screenshot')?.path ?? 'none'
    expect(existsSync(join(workshop.state, 'runs', done.results.run.id, picture))).toBe(true)
    expect(JSON.stringify(done)).not.toContain(PASSWORD)
  },
  10 * MINUTE,
)

/** As in Co-op Cloud's traefik recipe, with its own certificate: a dashboard for whoever knows the password. */
const OPERATORS_FILE = `http:
  routers:
    dashboard:
      rule: Host(\`${DASHBOARD}\`)
      entryPoints: [web-secure]
      middlewares: [ops]
      service: api@internal
      tls: {}
  middlewares:
    ops:
      basicAuth: { users: ['ops:{SHA}${createHash('sha1').update(PASSWORD).digest('base64')}'] }
tls:
  stores:
    default:
      defaultCertificate: { certFile: /operator/leaf.pem, keyFile: /operator/leaf.key }
`

/** A Traefik as an operator has it: the provider, two entry points, and what is said. Gone when the scope ends. */
function ownEdge() {
  const name = `oe-${randomId(6)}`
  const remove = async () => void (await tryDocker(['rm', '--force', '--volumes', name], { timeoutMs: 2 * MINUTE }))
  /** With these files in its folder `/operator`. Waits until it listens; gives its port for HTTPS. */
  const start = async (args: readonly string[], files: Readonly<Record<string, string>> = {}): Promise<string> => {
    await docker([
      ...['create', '--name', name, '--network', 'proxy', '--publish', '127.0.0.1::443', '--volume', '/operator'],
      ...['--volume', '/var/run/docker.sock:/var/run/docker.sock:ro', inputTag(traefikImage())],
      ...['--providers.swarm=true', '--providers.swarm.exposedByDefault=false', '--providers.swarm.network=proxy'],
      ...[
        '--providers.swarm.refreshSeconds=1',
        '--entryPoints.web.address=:80',
        '--entryPoints.web-secure.address=:443',
      ],
      ...['--log.level=INFO', ...args],
    ])
    const folder = mkdtempSync(join(tmpdir(), 'cc-ci-own-edge-'))
    try {
      for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text)
      await docker(['cp', `${folder}/.`, `${name}:/operator`])
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
    await docker(['start', name], { timeoutMs: 2 * MINUTE })
    const ready = await waitFor<true, never>(
      async () => {
        const { stdout, stderr } = await docker(['logs', name])
        const up = /Starting provider.*swarm/i.test(stdout + stderr)
        return up ? { state: 'ready', value: true } : { state: 'waiting', reason: stderr.slice(-300) }
      },
      { name: 'the Traefik to start', timeoutMs: 2 * MINUTE, everyMs: 200 },
    )
    expect(ready.state).toBe('ready')
    return (await docker(['port', name, '443'])).stdout.trim().split(':').at(-1) ?? ''
  }
  return { name, start, remove, [Symbol.asyncDispose]: remove }
}

/** What doctor says of the edge. */
async function reported(more: Readonly<Record<string, string>>): Promise<string> {
  const state = mkdtempSync(join(tmpdir(), 'cc-ci-own-edge-'))
  try {
    const args = ['--disable-warning=ExperimentalWarning', 'src/cli/main.ts', 'doctor', '--json', '--state', state]
    const { stdout } = await exec(process.execPath, args, { timeoutMs: 3 * MINUTE, env: { ...wholeEnv(), ...more } })
    const rows = z.array(z.object({ id: z.string(), detail: z.string() })).parse(JSON.parse(stdout))
    return rows.find(({ id }) => id === 'edge')?.detail ?? ''
  } finally {
    rmSync(state, { recursive: true, force: true })
  }
}
