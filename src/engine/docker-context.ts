import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'

export interface DockerContext {
  readonly name: string
  /** `unix:///run/user/1000/docker.sock`, `ssh://…`, `tcp://…`. */
  readonly host: string
}

/**
 * The context that the docker CLI uses where DOCKER_HOST says nothing: DOCKER_CONTEXT, else `currentContext` of its config.json. Its endpoint stands in
 * `contexts/meta/<SHA-256 of the name>/meta.json`. Null: the default context, or one that the CLI does not know either. Source: docker/cli, context store.
 */
export function dockerContext(env: Readonly<Record<string, string | undefined>> = process.env): DockerContext | null {
  const folder = env.DOCKER_CONFIG || join(env.HOME || homedir(), '.docker')
  const name = env.DOCKER_CONTEXT || read(join(folder, 'config.json'), config)?.currentContext
  if (!name || name === 'default') return null
  const id = createHash('sha256').update(name).digest('hex')
  const host = read(join(folder, 'contexts', 'meta', id, 'meta.json'), meta)?.Endpoints.docker.Host
  return host ? { name, host } : null
}

const config = z.object({ currentContext: z.string().optional() })
const meta = z.object({ Endpoints: z.object({ docker: z.object({ Host: z.string() }) }) })

/** Null where there is no such file, or it says something else. */
function read<T>(file: string, shape: z.ZodType<T>): T | null {
  try {
    return shape.parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch {
    return null
  }
}
