/** An app that stays up after its run, and the edge through which it answers. */
export interface KeptApp {
  readonly run: string
  /** What names the recipe on the command line. */
  readonly recipe: string
  readonly domain: string
  readonly stack: string
  /** Address and HTTPS port of the edge. */
  readonly edge: { readonly host: string; readonly httpsPort: number }
}

/** How to reach an app that was kept, look into it, test it again and remove it. Its name is in no DNS: only the edge knows it. */
export function keptAppLines({ run, recipe, domain, stack, edge: { host, httpsPort } }: KeptApp): string[] {
  const address = `${host.includes(':') ? `[${host}]` : host}:${httpsPort}`
  const rows = {
    curl: `curl --insecure --connect-to ${domain}:443:${address} https://${domain}/`,
    browser: `chromium --ignore-certificate-errors --host-resolver-rules="MAP ${domain}:443 ${address}" https://${domain}/`,
    logs: `docker service logs --follow ${stack}_app`,
    tests: `cc-ci test ${recipe} --attach ${run}   (--grep TITLE: some of them)`,
    remove: `cc-ci gc ${run}`,
  }
  return [
    `  the app is up: https://${domain}/ behind ${address}`,
    ...Object.entries(rows).map(([what, command]) => `    ${what.padEnd(9)}${command}`),
  ]
}
