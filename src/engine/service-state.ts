import { z } from 'zod'
import { isHealthTest } from '../lib/health-test.ts'
import { stringMap } from './answer.ts'
import { hashOf, specHash, templateHash, unplacedHash } from './spec-hash.ts'
import type { ServiceState } from './types.ts'

const STACK_LABEL = 'com.docker.stack.namespace'
const text = z.string().nullish()

const healthcheck = z.looseObject({ Test: z.array(z.string()).nullish(), StartPeriod: z.number().nullish() })
const NS_PER_MS = 1_000_000

const schema = z.object({
  ID: z.string(),
  Version: z.object({ Index: z.number() }),
  Spec: z.object({
    Name: z.string(),
    Labels: stringMap,
    TaskTemplate: z.looseObject({
      ContainerSpec: z.looseObject({ Image: text, Healthcheck: healthcheck.nullish() }).nullish(),
      RestartPolicy: z.looseObject({ Condition: text, MaxAttempts: z.number().nullish() }).nullish(),
    }),
    Mode: z.object({
      Replicated: z.object({ Replicas: z.number().nullish() }).nullish(),
      Global: z.unknown().optional(),
      ReplicatedJob: z.object({ TotalCompletions: z.number().nullish() }).nullish(),
      GlobalJob: z.unknown().optional(),
    }),
    UpdateConfig: z.object({ Order: text, FailureAction: text }).nullish(),
    EndpointSpec: z
      .object({
        Mode: text,
        Ports: z
          .array(
            z.object({
              Protocol: text,
              TargetPort: z.number(),
              PublishedPort: z.number().nullish(),
              PublishMode: text,
            }),
          )
          .nullish(),
      })
      .nullish(),
  }),
  JobStatus: z.object({ JobIteration: z.object({ Index: z.number().nullish() }).nullish() }).nullish(),
  UpdateStatus: z.object({ State: text, StartedAt: text, Message: text }).nullish(),
})

/** A service of the engine's answer as our type. */
export function parseService(answer: unknown): ServiceState {
  const { ID, Version, Spec, UpdateStatus, JobStatus } = schema.parse(answer)
  const { TaskTemplate: template, EndpointSpec: endpoint } = Spec
  const labels = Spec.Labels
  const stack = labels[STACK_LABEL]
  const test = template.ContainerSpec?.Healthcheck?.Test ?? []
  return {
    id: ID,
    name: Spec.Name,
    service: stack && Spec.Name.startsWith(`${stack}_`) ? Spec.Name.slice(stack.length + 1) : Spec.Name,
    version: Version.Index,
    image: template.ContainerSpec?.Image ?? '',
    labels,
    ...modeOf(Spec.Mode),
    restartCondition: (template.RestartPolicy?.Condition || 'any') as ServiceState['restartCondition'],
    restartMaxAttempts: template.RestartPolicy?.MaxAttempts || null,
    update: UpdateStatus?.State
      ? {
          state: UpdateStatus.State as NonNullable<ServiceState['update']>['state'],
          startedAt: UpdateStatus.StartedAt ?? null,
          message: UpdateStatus.Message ?? '',
        }
      : null,
    updateOrder: Spec.UpdateConfig?.Order === 'start-first' ? 'start-first' : 'stop-first',
    failureAction: (Spec.UpdateConfig?.FailureAction || 'pause') as ServiceState['failureAction'],
    hasHealthcheck: isHealthTest(test),
    startPeriodMs: (template.ContainerSpec?.Healthcheck?.StartPeriod ?? 0) / NS_PER_MS,
    specHash: specHash(template),
    templateHash: templateHash(template),
    unplacedHash: unplacedHash(template),
    jobRound: JobStatus?.JobIteration ? (JobStatus.JobIteration.Index ?? 0) : null,
    endpointHash: hashOf({ ...endpoint, Mode: endpoint?.Mode || 'vip' }),
    endpointMode: endpoint?.Mode === 'dnsrr' ? 'dnsrr' : 'vip',
    ports: (endpoint?.Ports ?? []).map((port) => ({
      target: port.TargetPort,
      published: port.PublishedPort || null,
      protocol: port.Protocol || 'tcp',
      mode: port.PublishMode === 'host' ? 'host' : 'ingress',
    })),
    taskTemplate: template,
  }
}

function modeOf(mode: z.infer<typeof schema>['Spec']['Mode']): Pick<ServiceState, 'mode' | 'replicas'> {
  if (mode.Global) return { mode: 'global', replicas: null }
  if (mode.GlobalJob) return { mode: 'global-job', replicas: null }
  if (mode.ReplicatedJob) return { mode: 'replicated-job', replicas: mode.ReplicatedJob.TotalCompletions ?? 1 }
  return { mode: 'replicated', replicas: mode.Replicated?.Replicas ?? 1 }
}
