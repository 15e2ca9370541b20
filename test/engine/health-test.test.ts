import { expect, test } from 'vitest'
import { parseImage } from '../../src/engine/machine-state.ts'
import { parseService } from '../../src/engine/service-state.ts'

test.each<[test: string[] | null, checked: boolean]>([
  [['CMD', 'curl', 'http://localhost'], true],
  [['CMD-SHELL', 'curl http://localhost'], true],
  [['curl', 'http://localhost'], false],
  [['cmd', 'true'], false],
  [['NONE'], false],
  [[], false],
  [null, false],
])('the engine checks anything by %j: %s', (asked, checked) => {
  const Healthcheck = { Test: asked }
  const Spec = { Name: 's_app', Labels: {}, TaskTemplate: { ContainerSpec: { Healthcheck } }, Mode: { Global: {} } }
  expect(parseService({ ID: 's', Version: { Index: 1 }, Spec }).hasHealthcheck).toBe(checked)
  expect(parseImage({ Id: 'sha256:1', Config: { Healthcheck } }).hasHealthcheck).toBe(checked)
})
