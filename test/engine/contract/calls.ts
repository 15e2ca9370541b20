// cspell:ignore precpu
import type { Engine } from '../../../src/engine/client.ts'
import {
  connectContainer,
  containerEnd,
  createContainer,
  startContainer,
  unpackInto,
} from '../../../src/engine/containers.ts'
import { createExec, execExitCode } from '../../../src/engine/exec-call.ts'

export interface Call {
  /** The request whose answer is looked at; others get the answer `others` has for them. */
  readonly asks: string
  /** What the engines say (20.10 and 29 alike), with all that is read of it. */
  readonly answer: unknown
  readonly act: (engine: Engine) => Promise<unknown>
  readonly others?: Readonly<Record<string, unknown>>
}

const TEMPLATE = {
  ContainerSpec: {
    Image: 'web:1@sha256:1',
    Labels: { a: 'b' },
    Env: ['A=1'],
    Healthcheck: { Test: ['CMD', 'true'], Interval: 1_000_000_000, StartPeriod: 2_000_000_000 },
  },
  Resources: { Limits: { Pids: 4096 } },
  RestartPolicy: { Condition: 'on-failure', MaxAttempts: 3 },
  Placement: {},
  Networks: [{ Target: 'n', Aliases: ['app'] }],
  ForceUpdate: 0,
  Runtime: 'container',
}
const SERVICE = {
  ID: 'service1',
  Version: { Index: 11 },
  CreatedAt: '2026-11-29T09:48:28.622876972Z',
  UpdatedAt: '2026-11-29T09:48:28.622876972Z',
  Spec: {
    Name: 'stack_app',
    Labels: { 'com.docker.stack.namespace': 'stack' },
    TaskTemplate: TEMPLATE,
    Mode: { Replicated: { Replicas: 1 } },
    UpdateConfig: { Order: 'start-first', FailureAction: 'rollback' },
    EndpointSpec: {
      Mode: 'dnsrr',
      Ports: [{ Protocol: 'tcp', TargetPort: 80, PublishedPort: 8080, PublishMode: 'host' }],
    },
  },
  Endpoint: { Spec: {} },
  JobStatus: { JobIteration: { Index: 5 } },
  UpdateStatus: { State: 'completed', StartedAt: '2026-11-29T09:48:28Z', Message: 'update completed' },
}
const TASK = {
  ID: 'task1',
  Version: { Index: 12 },
  CreatedAt: '2026-11-29T09:48:02.449025061Z',
  Labels: {},
  Spec: TEMPLATE,
  ServiceID: 'service1',
  Slot: 1,
  NodeID: 'node1',
  Status: {
    Timestamp: '2026-11-29T09:48:08.465651282Z',
    State: 'failed',
    Message: 'started',
    Err: 'task: non-zero exit (5)',
    ContainerStatus: { ContainerID: 'c1', PID: 1, ExitCode: 5 },
    PortStatus: {},
  },
  DesiredState: 'shutdown',
  JobIteration: { Index: 5 },
}
const CONTAINER = {
  Id: 'c1',
  Name: '/stack_app.1.task1',
  Image: 'sha256:1',
  Config: { Labels: { a: 'b' }, Env: null },
  State: {
    Status: 'exited',
    ExitCode: 137,
    OOMKilled: true,
    StartedAt: '2026-11-29T09:48:02Z',
    FinishedAt: '0001-01-01T00:00:00Z',
    Health: { Status: 'unhealthy', FailingStreak: 3, Log: [{ ExitCode: 1, Output: 'no' }] },
  },
  Mounts: [{ Type: 'volume', Name: 'v', Source: '/v', Destination: '/data' }],
  NetworkSettings: { Networks: { proxy: { IPAddress: '10.100.0.2' } } },
}
const NETWORK = { Id: 'n1', Name: 'proxy', Labels: { a: 'b' }, Scope: 'swarm' }
const SECRET = { ID: 's1', Spec: { Name: 'stack_pw_v1', Labels: { a: 'b' } } }
const VOLUME = { Name: 'v1', Labels: { a: 'b' }, Options: null }

/** Every call of src/engine that reads an answer, by its name there. What it reads must be in `answer`, or nobody asks what its absence does. */
export const CALLS: Readonly<Record<string, Call>> = {
  info: {
    asks: 'GET /info',
    answer: {
      ID: 'engine',
      NCPU: 2,
      MemTotal: 1024,
      DockerRootDir: '/var/lib/docker',
      CgroupVersion: '1',
      KernelVersion: '6',
      Swarm: { NodeID: 'node1', LocalNodeState: 'active', ControlAvailable: true },
    },
    others: { 'GET /version': { Version: '29.5.0', ApiVersion: '1.54' } },
    act: (engine) => engine.info(),
  },
  version: {
    asks: 'GET /version',
    answer: { Version: '29.5.0', ApiVersion: '1.54', Components: [{ Name: 'Engine' }] },
    others: { 'GET /info': {} },
    act: (engine) => engine.info(),
  },
  services: { asks: 'GET /services', answer: [SERVICE], act: (engine) => engine.services('stack') },
  serviceImages: { asks: 'GET /services', answer: [SERVICE], act: (engine) => engine.serviceImages() },
  service: { asks: 'GET /services/s', answer: SERVICE, act: (engine) => engine.service('s') },
  tasks: { asks: 'GET /tasks', answer: [TASK], act: (engine) => engine.tasks('stack') },
  containers: {
    asks: 'GET /containers/json',
    answer: [{ Id: 'c1', Names: ['/a'] }],
    others: { 'GET /containers/c1/json': CONTAINER },
    act: (engine) => engine.containers({ stack: 'stack' }),
  },
  container: { asks: 'GET /containers/c/json', answer: CONTAINER, act: (engine) => engine.container('c') },
  cpuMs: {
    asks: 'GET /containers/c/stats',
    answer: { cpu_stats: { cpu_usage: { total_usage: 5_000_000 } }, precpu_stats: {} },
    act: (engine) => engine.cpuMs('c'),
  },
  taskContainers: {
    asks: 'GET /containers/json',
    answer: [
      {
        Id: 'c',
        Names: ['/stack_app.1.task1'],
        Image: 'web:1',
        Labels: { 'com.docker.swarm.service.name': 'stack_app' },
        State: 'running',
        NetworkSettings: {},
        Mounts: [],
      },
    ],
    act: (engine) => engine.taskContainers('stack_'),
  },
  memoryBytes: {
    asks: 'GET /containers/c/stats',
    answer: { memory_stats: { usage: 9_000_000, stats: { total_inactive_file: 4_000_000 } }, precpu_stats: {} },
    act: (engine) => engine.memoryBytes('c'),
  },
  layerBytes: {
    asks: 'GET /containers/c/json',
    answer: { SizeRw: 4096 },
    act: (engine) => engine.layerBytes('c'),
  },
  image: {
    asks: 'GET /images/i/json',
    answer: {
      Id: 'sha256:1',
      RepoTags: ['web:1'],
      RepoDigests: ['web@sha256:1'],
      Size: 5,
      Config: { Healthcheck: { Test: ['CMD', 'true'] } },
      GraphDriver: null,
    },
    act: (engine) => engine.image('i'),
  },
  'list of services': { asks: 'GET /services', answer: [SERVICE], act: ({ objects }) => objects.list('service') },
  'list of networks': { asks: 'GET /networks', answer: [NETWORK], act: ({ objects }) => objects.list('network') },
  'list of secrets': { asks: 'GET /secrets', answer: [SECRET], act: ({ objects }) => objects.list('secret') },
  'list of configs': { asks: 'GET /configs', answer: [SECRET], act: ({ objects }) => objects.list('config') },
  'list of volumes': {
    asks: 'GET /volumes',
    answer: { Volumes: [VOLUME], Warnings: null },
    act: ({ objects }) => objects.list('volume'),
  },
  find: { asks: 'GET /networks/n', answer: NETWORK, act: ({ objects }) => objects.find('network', 'n') },
  createNetwork: {
    asks: 'POST /networks/create',
    answer: { Id: 'n1', Warning: '' },
    act: ({ objects }) => objects.createNetwork('n', {}),
  },
  createSecret: {
    asks: 'POST /secrets/create',
    answer: { ID: 's1' },
    act: ({ objects }) => objects.createSecret('s', 'x', {}),
  },
  createVolume: {
    asks: 'POST /volumes/create',
    answer: VOLUME,
    act: ({ objects }) => objects.createVolume('v1', {}),
  },
  createService: {
    asks: 'POST /services/create',
    answer: { ID: 's1', Warnings: null },
    act: ({ objects }) => objects.createService({}),
  },
  changedPaths: {
    asks: 'GET /containers/c/changes',
    answer: [
      { Path: '/tmp/a', Kind: 1 },
      { Path: '/gone', Kind: 2 },
    ],
    act: ({ objects }) => objects.changedPaths('c'),
  },
  createContainer: {
    asks: 'POST /containers/create',
    answer: { Id: 'c1', Warnings: [] },
    act: ({ connection }) => createContainer(connection, 'c', {}),
  },
  containerEnd: {
    asks: 'POST /containers/c/wait',
    answer: { StatusCode: 3, Error: null },
    act: ({ connection }) => containerEnd(connection, 'c', { timeoutMs: 5000 }),
  },
  createExec: {
    asks: 'POST /containers/c/exec',
    answer: { Id: 'e1' },
    act: ({ connection }) => createExec(connection, 'c', ['id'], { attachStdin: false }),
  },
  exitCodeOf: {
    asks: 'GET /exec/e/json',
    answer: { ID: 'e', Running: false, ExitCode: 3 },
    act: ({ connection }) => execExitCode(connection, 'e'),
  },
}

/** Calls whose answer says nothing but that it was done. */
export const TOLD: Readonly<Record<string, (engine: Engine) => Promise<unknown>>> = {
  remove: ({ objects }) => objects.remove('secret', 's'),
  removeContainer: ({ objects }) => objects.removeContainer('c'),
  killContainer: ({ objects }) => objects.killContainer('c'),
  startContainer: ({ connection }) => startContainer(connection, 'c'),
  connectContainer: ({ connection }) => connectContainer(connection, 'c', { name: 'n', aliases: [] }),
  unpackInto: ({ connection }) => unpackInto(connection, 'c', '/', Buffer.from('tar')),
}
