// cspell:ignore breakpad infobars swiftshader webrtc
import type { EdgeAddress } from '../edge/address.ts'

/** Where the program in the container listens for what Chromium asks the edge. */
export const PORTS = { https: 8443, http: 8080 } as const

/**
 * How Chromium is started: what Playwright, which drives it, starts Chromium with (it only connects here), and without any request or file of the browser's
 * own. Each feature that is off would change or delay what a page does under Playwright.
 */
const SWITCHES = [
  '--headless',
  '--remote-debugging-pipe',
  '--user-data-dir=/tmp/profile',
  '--hide-scrollbars',
  '--mute-audio',
  '--blink-settings=primaryHoverType=2,availableHoverTypes=2,primaryPointerType=4,availablePointerTypes=4',
  '--disable-features=AvoidUnnecessaryBeforeUnloadCheckSync,DestroyProfileOnBrowserClose,HttpsUpgrades,HttpsFirstBalancedModeAutoEnable,LensOverlay,MediaRouter,PaintHolding,ThirdPartyStoragePartitioning,AvoidCorsURLLoaderRestartOnRedirect,OptimizationHints,NetworkTimeServiceQuerying,AimEnabled,PreconnectToSearch',
  '--enable-features=CDPScreenshotNewSurface,SkipListAccountsWithoutGaiaCookies',
  '--allow-pre-commit-input',
  '--disable-back-forward-cache',
  '--disable-background-networking',
  '--disable-background-timer-throttling',
  '--disable-backgrounding-occluded-windows',
  '--disable-breakpad',
  '--disable-component-extensions-with-background-pages',
  '--disable-component-update',
  '--disable-default-apps',
  '--disable-dev-shm-usage',
  '--disable-extensions',
  '--disable-field-trial-config',
  '--disable-gpu',
  '--disable-hang-monitor',
  '--disable-infobars',
  '--disable-ipc-flooding-protection',
  '--disable-popup-blocking',
  '--disable-prompt-on-repost',
  '--disable-quic',
  '--disable-renderer-backgrounding',
  '--disable-search-engine-choice-screen',
  '--disable-stack-profiler',
  '--disable-sync',
  '--enable-unsafe-swiftshader',
  '--force-color-profile=srgb',
  '--force-webrtc-ip-handling-policy=disable_non_proxied_udp',
  '--metrics-recording-only',
  '--no-default-browser-check',
  '--no-first-run',
  '--no-proxy-server',
  '--password-store=basic',
  '--unsafely-disable-devtools-self-xss-warnings',
  '--use-mock-keychain',
] as const

export interface SwitchOptions {
  /** The only host name that resolves, with those below it; everything else does not exist for the pages. */
  readonly domain: string
  readonly edge: Pick<EdgeAddress, 'httpPort'>
  /** False: the kernel or the engine lets nobody make user namespaces. */
  readonly ownSandbox: boolean
}

export function switchesOf({ domain, edge, ownSandbox }: SwitchOptions): string[] {
  const rules = `--host-resolver-rules=${resolverRules(domain, edge)}`
  return [...SWITCHES, ...(ownSandbox ? [] : ['--no-sandbox']), rules, 'about:blank']
}

/** Chromium's rules, first match first: the app's domain and all below it are the edge, nothing else exists. */
export function resolverRules(domain: string, { httpPort }: Pick<EdgeAddress, 'httpPort'>): string {
  const rules = [domain, `*.${domain}`].flatMap((name) => [
    `MAP ${name}:443 127.0.0.1:${PORTS.https}`,
    ...(httpPort === null ? [] : [`MAP ${name}:80 127.0.0.1:${PORTS.http}`]),
  ])
  return [...rules, 'MAP * ~NOTFOUND'].join(', ')
}
