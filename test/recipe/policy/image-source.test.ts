// cspell:ignore localdomain
import { expect, test } from 'vitest'
import { registryOfThisMachine } from '../../../src/recipe/policy/image-source.ts'

test.each([
  '127.0.0.1:5000/x',
  '127.1:5000/x',
  '127.0.0.1/x',
  '2130706433:5000/x',
  '0x7f.1/x',
  '0177.0.0.1/x',
  '0.0.0.0:80/x',
  '169.254.169.254/latest/meta-data',
  'localhost/x',
  'LOCALHOST:5000/x',
  'registry.localhost/x:1',
  '[::1]:5000/x',
  '[::ffff:127.0.0.1]:5000/x',
  '[fe80::1]:5000/x',
  'metadata.google.internal/x',
  'localhost.localdomain/x',
  'localhost4:5000/x',
  'ip6-localhost:5000/x',
])('%s is of this machine', (image) => expect(registryOfThisMachine(image)).toBe(true))

test.each([
  'nginx',
  'nginx:1.25.3',
  'cc-ci-fixtures/nginx:1.22.1-2',
  'localhost',
  'localhost:5000',
  'local/x',
  '2130706433/x',
  'docker.io/library/nginx@sha256:00',
  'ghcr.io/127.0.0.1/x',
  'registry.example.com:5000/x',
  '10.0.0.5:5000/x',
  '1.27.0.1/x',
])('%s is not', (image) => expect(registryOfThisMachine(image)).toBe(false))
