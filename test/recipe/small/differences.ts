/** Why we do not say of a case what the docker CLI says, by `kind: name`. Each is proved to be one still. */
export const DIFFERENCES: Readonly<Record<string, string>> = {
  ...because('a recipe has a service, so that a stack without any is nobody’s wish', 'yaml: no services'),
  ...because(
    'the CLI takes the type, and the engine refuses it when it is given the service',
    'mounts: type: image, source: y, target: /srv',
    'refused at deploy: volumes: [{type: "", target: /b}]',
  ),
  ...because(
    'the CLI takes the word, and the engine refuses it when it is given the service',
    'keys of docker compose: deploy: {restart_policy: {condition: what}}',
    'yaml: deploy: {update_config: {max_failure_ratio: 0.5, monitor: 0s, failure_action: what}}',
  ),
  ...because(
    'the engine refuses to publish a number twice, and to publish by the routing mesh beside dnsrr',
    'ports: ports: ["80:80"], deploy: {endpoint_mode: dnsrr}',
    'ports: ports: [{target: 80, published: 80, protocol: tcp, mode: host}, "80:81"]',
    'ports: ports: ["80:80", "80:80/tcp"]',
    'ports: two services',
  ),
  ...because('a variable without a name, which no container starts with', 'yaml: environment: [=1]'),
  ...because(
    'the CLI keeps the key and does not print it',
    'versions: none, with the newest key',
    'young keys: oom_score_adj: 5 in 3.13',
  ),
  ...because('a million as a floating-point number, which Go prints as 1e+06', 'yaml: labels: {a: 1.0, b: , c: 1e6}'),
  ...because('the CLI prints its own formatting error as the address', 'yaml: extra_hosts: {b: 1.2.3.4, a: 5}'),
}

function because(why: string, ...cases: string[]): Record<string, string> {
  return Object.fromEntries(cases.map((name) => [name, why]))
}
