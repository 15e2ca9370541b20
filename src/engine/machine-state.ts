import { z } from 'zod'
import { isHealthTest } from '../lib/health-test.ts'
import type { EngineInfo, ImageState } from './types.ts'

const text = z.string().nullish()

const infoSchema = z.object({
  ID: text,
  NCPU: z.number().nullish(),
  MemTotal: z.number().nullish(),
  DockerRootDir: text,
  CgroupVersion: text,
  KernelVersion: text,
  Swarm: z.object({ NodeID: text }).nullish(),
})
const versionSchema = z.object({ Version: z.string(), ApiVersion: z.string() })
const imageSchema = z.object({
  Id: z.string(),
  RepoTags: z.array(z.string()).nullish(),
  RepoDigests: z.array(z.string()).nullish(),
  Size: z.number().nullish(),
  Config: z
    .object({
      Healthcheck: z
        .object({
          Test: z.array(z.string()).nullish(),
          Interval: z.number().nullish(),
          StartInterval: z.number().nullish(),
        })
        .nullish(),
    })
    .nullish(),
})

/** The answer of `/version` as its part of our type. */
export function parseVersion(answer: unknown): Pick<EngineInfo, 'version' | 'api'> {
  const { Version, ApiVersion } = versionSchema.parse(answer)
  return { version: Version, api: ApiVersion }
}

/** The answer of `/info` as its part of our type. */
export function parseInfo(answer: unknown): Omit<EngineInfo, 'version' | 'api'> {
  const said = infoSchema.parse(answer)
  return {
    id: said.ID ?? '',
    cpus: said.NCPU ?? 0,
    memoryBytes: said.MemTotal ?? 0,
    rootDir: said.DockerRootDir ?? '',
    cgroupVersion: said.CgroupVersion ?? '',
    kernel: said.KernelVersion ?? '',
    nodeId: said.Swarm?.NodeID ?? '',
  }
}

/** An image of the engine's answer (inspect) as our type. */
export function parseImage(answer: unknown): ImageState {
  const image = imageSchema.parse(answer)
  const { Test: test, Interval: interval, StartInterval: start } = image.Config?.Healthcheck ?? {}
  return {
    id: image.Id,
    tags: image.RepoTags ?? [],
    repoDigests: image.RepoDigests ?? [],
    sizeBytes: image.Size ?? 0,
    hasHealthcheck: isHealthTest(test ?? []),
    healthPauses: { interval: interval ?? 0, start_interval: start ?? 0 },
  }
}
