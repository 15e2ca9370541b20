// cspell:ignore seccomp webrtc
import { expect, test } from 'vitest'
import { switchesOf } from '../../src/browser/switches.ts'

// The container has no network, so that nothing of this is seen from within while that holds: here it is looked at alone.
const OPTIONS = { domain: 'a.ci.test', edge: { httpPort: null }, ownSandbox: true } as const

test('no page talks to others past the edge, in whatever network the container might be', () => {
  const switches = switchesOf(OPTIONS)
  expect(switches).toContain('--force-webrtc-ip-handling-policy=disable_non_proxied_udp')
  expect(switches).toContain('--disable-quic')
  expect(switches.find((one) => one.startsWith('--host-resolver-rules='))).toMatch(/, MAP \* ~NOTFOUND$/)
})

test('Chromium’s own sandbox is off only where nobody can make one', () => {
  expect(switchesOf(OPTIONS)).not.toContain('--no-sandbox')
  expect(switchesOf({ ...OPTIONS, ownSandbox: false })).toContain('--no-sandbox')
  for (const off of ['--disable-setuid-sandbox', '--disable-seccomp-filter-sandbox', '--disable-namespace-sandbox'])
    expect(switchesOf(OPTIONS)).not.toContain(off)
})
