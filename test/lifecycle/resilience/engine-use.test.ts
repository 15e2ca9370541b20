import { expect, test } from 'vitest'
import { foreignContainers, staleTasks } from '../../../src/lifecycle/resilience/engine-use.ts'

const OWN = { stack: 'app_ci_test', runId: '20261124-120000-aaaaaa' }

function container(name: string, labels: Record<string, string>, state = 'running') {
  return { id: name, name, state, labels }
}

test('only the app, helpers of its run and the edge may stand on an engine that is restarted', () => {
  const ours = [
    container('app', { 'com.docker.stack.namespace': OWN.stack }),
    container('toolbox', { 'cc-ci.run': OWN.runId }),
    container('cc-ci-edge', { 'cc-ci.role': 'edge' }),
    container('ended', {}, 'exited'),
  ]
  expect(foreignContainers(ours, OWN)).toEqual([])
  const others = [
    container('another-app', { 'com.docker.stack.namespace': 'blog' }),
    container('another-run', { 'cc-ci.run': '20261124-120000-bbbbbb' }),
    container('keycloak', { 'cc-ci.role': 'dep' }),
    container('by-hand', {}),
  ]
  expect(foreignContainers([...ours, ...others], OWN)).toEqual(others.map(({ name }) => name))
})

test('a task is only believed to run while its container does', () => {
  const tasks = [
    { id: 'stale', state: 'running', containerId: 'gone' },
    { id: 'ended', state: 'running', containerId: 'exited' },
    { id: 'lives', state: 'running', containerId: 'up' },
    { id: 'comes', state: 'starting', containerId: null },
  ]
  const containers = [container('exited', {}, 'exited'), container('up', {})]
  expect(staleTasks(tasks as never, containers)).toEqual(['stale', 'ended'])
})
