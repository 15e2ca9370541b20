import { z } from 'zod'
import { understandText } from '../engine/answer.ts'
import { tryDocker } from '../engine/docker-cli.ts'
import { TOOLBOX_TAG } from '../images/toolbox.ts'
import { EDGE_LABELS, PROXY_NETWORK } from './address.ts'

/** Where Traefik has its API when nobody says otherwise (`api.insecure`). */
const API_PORT = 8080
const LOOK_DEADLINE_MS = 60_000
/** Roles of each Traefik of cc-ci's own: its API wants a key, or is off. */
const OURS = ['edge', 'gate']

/**
 * The containers of a Traefik on the network of the apps, not of cc-ci, whose API answers whoever asks there: it tells of all that the operator
 * runs, and of a run's apps. Found by the name of their image. Null where it cannot be looked at: without the toolbox, or where the network takes no containers.
 */
export async function openApis(): Promise<readonly string[] | null> {
  const listed = ['ps', '--quiet', '--no-trunc', '--filter', `network=${PROXY_NETWORK}`]
  const ids = (await tryDocker(listed)).stdout.split('\n').filter(Boolean)
  if (ids.length === 0) return []
  const inspected = await tryDocker(['container', 'inspect', ...ids])
  // One that ended meanwhile is an error on the other stream; the rest is there.
  const found = understandText(inspected.stdout || '[]', containers.parse, 'docker container inspect').flatMap(proxyOf)
  if (found.length === 0) return []
  const addresses = found.map(({ address }) => address)
  const run = ['run', '--rm', '--network', PROXY_NETWORK, '--cap-drop', 'ALL', '--pids-limit', '64', TOOLBOX_TAG]
  const probed = await tryDocker([...run, 'bash', '-c', PROBE, 'ask', ...addresses], { timeoutMs: LOOK_DEADLINE_MS })
  if (probed.exitCode !== 0) return null
  const open = new Set(probed.stdout.split('\n'))
  return found.flatMap(({ name, address }) => (open.has(address) ? [name] : []))
}

const PROBE = `export address
for address in "$@"; do
  answer=$(timeout 5 bash -c 'exec 3<> "/dev/tcp/$address/${API_PORT}" && printf "GET /api/version HTTP/1.0\\r\\nHost: $address\\r\\n\\r\\n" >&3 && cat <&3' 2> /dev/null | tr -d '\\0')
  case "$answer" in *' 200 '*'"Version"'*) echo "$address" ;; esac
done
exit 0`

const containers = z.array(
  z.object({
    Name: z.string(),
    Config: z.object({ Image: z.string(), Labels: z.record(z.string(), z.string()).nullish() }),
    NetworkSettings: z.object({
      Networks: z.record(z.string(), z.object({ IPAddress: z.string().nullish() })).nullish(),
    }),
  }),
)

function proxyOf({ Name, Config, NetworkSettings }: z.infer<typeof containers>[number]) {
  const address = NetworkSettings.Networks?.[PROXY_NETWORK]?.IPAddress
  const ours = OURS.includes(Config.Labels?.[EDGE_LABELS.role] ?? '')
  return address && !ours && /traefik/i.test(Config.Image) ? [{ name: Name.replace(/^\//, ''), address }] : []
}
