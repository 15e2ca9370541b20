// The names are Traefik's own.
// cspell:disable
/**
 * What the value of a label may be: `free` for anything, `path` for one relative to the service, `port` and `scheme` for parts of its address, `pause`
 * for the time between two looks, `priority` for a whole number, `middlewares` and `service` for names of such, `rule` for hosts of the app's own,
 * `domains` for such hosts in a list, `address` for a service of its own. The edge is one program for all: `memory` for bytes that it holds of one request
 * or answer, `bodies` for whether it holds whole bodies, `attempts` for how often it asks again, `users` for names with hashed passwords.
 */
export type ValueKind =
  | 'free'
  | 'path'
  | 'port'
  | 'scheme'
  | 'pause'
  | 'priority'
  | 'middlewares'
  | 'service'
  | 'rule'
  | 'domains'
  | 'address'
  | 'memory'
  | 'bodies'
  | 'users'
  | 'attempts'

/** Labels that a recipe may use, and how their values are judged. */
export interface LabelRow {
  /**
   * Below `traefik`, in lower case, as names with dots between; of several after the last dot one stands there. `NAME` is a name that the recipe
   * chooses, `HEADER` that of a header, `LIST[N]` the entry of a list.
   */
  readonly label: string
  readonly value: ValueKind
  /** Not for the gate of the sandbox, which stands with one foot outside: what the label makes it call, or whom it lets choose that. */
  readonly notForGate?: true
}

const ROUTER = 'http.routers.NAME'
const SERVICE = 'http.services.NAME.loadbalancer'
const MIDDLEWARE = 'http.middlewares.NAME'

const HTTP: readonly LabelRow[] = [
  { label: `${ROUTER}.rule`, value: 'rule' },
  { label: `${ROUTER}.priority`, value: 'priority' },
  { label: `${ROUTER}.middlewares`, value: 'middlewares' },
  { label: `${ROUTER}.service`, value: 'service' },
  { label: `${ROUTER}.entrypoints rulesyntax tls`, value: 'free' },
  { label: `${ROUTER}.tls.certresolver options`, value: 'free' },
  { label: `${ROUTER}.tls.LIST[N].main sans`, value: 'domains' },
  { label: `${ROUTER}.observability.accesslogs metrics tracing traceverbosity`, value: 'free' },
  { label: `${SERVICE}.passhostheader strategy sticky`, value: 'free' },
  { label: `${SERVICE}.server.port`, value: 'port' },
  { label: `${SERVICE}.server.scheme`, value: 'scheme' },
  { label: `${SERVICE}.server.weight preservepath`, value: 'free' },
  { label: `${SERVICE}.server.url`, value: 'address', notForGate: true },
  { label: `${SERVICE}.sticky.cookie`, value: 'free' },
  { label: `${SERVICE}.sticky.cookie.name secure httponly samesite maxage path domain`, value: 'free' },
  { label: `${SERVICE}.healthcheck.path`, value: 'path' },
  { label: `${SERVICE}.healthcheck.interval unhealthyinterval`, value: 'pause' },
  { label: `${SERVICE}.healthcheck.timeout status method`, value: 'free' },
  { label: `${SERVICE}.healthcheck.scheme`, value: 'scheme', notForGate: true },
  { label: `${SERVICE}.healthcheck.port`, value: 'port', notForGate: true },
  { label: `${SERVICE}.healthcheck.mode hostname followredirects`, value: 'free', notForGate: true },
  { label: `${SERVICE}.healthcheck.headers.HEADER`, value: 'free', notForGate: true },
  { label: `${SERVICE}.passivehealthcheck.failurewindow maxfailedattempts`, value: 'free' },
  { label: `${SERVICE}.responseforwarding.flushinterval`, value: 'free' },
]

const SOURCE = ['requestheadername requesthost', 'ipstrategy.depth excludedips ipv6subnet']
const CERTIFICATE = 'country province locality organization commonname serialnumber domaincomponent'

/** Options of middlewares that need nothing but the request. What reads files of the edge or asks somebody else is not among them. */
const MIDDLEWARES: readonly string[] = [
  'addprefix.prefix',
  'basicauth.realm removeheader headerfield',
  // What is beyond `mem...` waits in the scratch space of the edge, which is bounded.
  'buffering.maxrequestbodybytes maxresponsebodybytes retryexpression',
  'compress',
  'compress.excludedcontenttypes includedcontenttypes encodings defaultencoding',
  'contenttype',
  'contenttype.autodetect',
  'digestauth.users realm removeheader headerfield',
  'headers.accesscontrolallowcredentials accesscontrolallowheaders accesscontrolallowmethods accesscontrolalloworiginlist accesscontrolalloworiginlistregex accesscontrolexposeheaders accesscontrolmaxage addvaryheader allowedhosts browserxssfilter contentsecuritypolicy contentsecuritypolicyreportonly contenttypenosniff custombrowserxssvalue customframeoptionsvalue featurepolicy forcestsheader framedeny hostsproxyheaders isdevelopment permissionspolicy publickey referrerpolicy sslforcehost sslhost sslredirect ssltemporaryredirect stsincludesubdomains stspreload stsseconds',
  ...['customrequestheaders', 'customresponseheaders', 'sslproxyheaders'].map((name) => `headers.${name}.HEADER`),
  'inflightreq.amount',
  ...SOURCE.map((source) => `inflightreq.sourcecriterion.${source}`),
  'ipallowlist.sourcerange rejectstatuscode',
  'ipallowlist.ipstrategy.depth excludedips ipv6subnet',
  'ipwhitelist.sourcerange',
  'ipwhitelist.ipstrategy.depth excludedips ipv6subnet',
  'ratelimit.average burst period',
  ...SOURCE.map((source) => `ratelimit.sourcecriterion.${source}`),
  'redirectregex.regex replacement permanent',
  'redirectscheme.scheme port permanent',
  'replacepath.path',
  'replacepathregex.regex replacement',
  'retry.initialinterval timeout status disableretryonnetworkerror retrynonidempotentmethod',
  'stripprefix.prefixes forceslash',
  'stripprefixregex.regex',
]

/** The same, but no gate needs them. */
const RARE_MIDDLEWARES: readonly string[] = [
  'circuitbreaker.expression checkperiod fallbackduration recoveryduration responsecode',
  'encodedcharacters.allowencodedslash allowencodedbackslash allowencodednullcharacter allowencodedsemicolon allowencodedpercent allowencodedquestionmark allowencodedhash',
  'errors.status query errorrequestheaders',
  'errors.statusrewrites.HEADER',
  'forwardauth.trustforwardheader authresponseheaders authresponseheadersregex authrequestheaders addauthcookiestoresponse authsigninurl headerfield preservelocationheader preserverequestmethod',
  'grpcweb.alloworigins',
  'passtlsclientcert.pem',
  'passtlsclientcert.info.notafter notbefore sans serialnumber',
  `passtlsclientcert.info.subject.${CERTIFICATE} organizationalunit`,
  `passtlsclientcert.info.issuer.${CERTIFICATE}`,
]

const OTHER_PROTOCOLS: readonly LabelRow[] = [
  { label: 'tcp.routers.NAME.rule', value: 'rule' },
  { label: 'udp.routers.NAME.entrypoints', value: 'rule' },
  { label: 'tcp.routers.NAME.priority', value: 'priority' },
  { label: 'tcp.routers.NAME.middlewares', value: 'middlewares', notForGate: true },
  { label: 'tcp.routers.NAME.service', value: 'service' },
  { label: 'udp.routers.NAME.service', value: 'service' },
  { label: 'tcp.routers.NAME.entrypoints tls', value: 'free' },
  { label: 'tcp.routers.NAME.rulesyntax', value: 'free', notForGate: true },
  { label: 'tcp.routers.NAME.tls.certresolver options passthrough', value: 'free' },
  { label: 'tcp.routers.NAME.tls.LIST[N].main sans', value: 'domains' },
  { label: 'tcp.services.NAME.loadbalancer.server.port', value: 'port' },
  { label: 'tcp.services.NAME.loadbalancer.server.tls', value: 'free', notForGate: true },
  { label: 'tcp.services.NAME.loadbalancer.server.address', value: 'address', notForGate: true },
  { label: 'tcp.services.NAME.loadbalancer.proxyprotocol', value: 'free' },
  { label: 'tcp.services.NAME.loadbalancer.proxyprotocol.version', value: 'free' },
  { label: 'tcp.services.NAME.loadbalancer.terminationdelay', value: 'free', notForGate: true },
  { label: 'tcp.middlewares.NAME.ipallowlist.sourcerange', value: 'free', notForGate: true },
  { label: 'tcp.middlewares.NAME.ipwhitelist.sourcerange', value: 'free', notForGate: true },
  { label: 'tcp.middlewares.NAME.inflightconn.amount', value: 'free', notForGate: true },
  { label: 'udp.services.NAME.loadbalancer.server.port', value: 'port' },
  { label: 'udp.services.NAME.loadbalancer.server.address', value: 'address', notForGate: true },
]

/** The labels of Traefik's that take nothing from anybody else, whatever stands beside them, when their values are what is said here. */
export const LABEL_TABLE: readonly LabelRow[] = [
  { label: 'enable', value: 'free' },
  { label: 'docker.network lbswarm', value: 'free' },
  { label: 'swarm.network lbswarm', value: 'free' },
  ...HTTP,
  ...MIDDLEWARES.map((options): LabelRow => ({ label: `${MIDDLEWARE}.${options}`, value: 'free' })),
  { label: `${MIDDLEWARE}.basicauth.users`, value: 'users' },
  { label: `${MIDDLEWARE}.buffering.memrequestbodybytes memresponsebodybytes`, value: 'memory' },
  { label: `${MIDDLEWARE}.compress.minresponsebodybytes`, value: 'memory' },
  { label: `${MIDDLEWARE}.retry.maxrequestbodybytes`, value: 'memory' },
  { label: `${MIDDLEWARE}.retry.attempts`, value: 'attempts' },
  { label: `${MIDDLEWARE}.forwardauth.maxbodysize maxresponsebodysize`, value: 'memory', notForGate: true },
  { label: `${MIDDLEWARE}.forwardauth.forwardbody`, value: 'bodies', notForGate: true },
  { label: `${MIDDLEWARE}.chain.middlewares`, value: 'middlewares' },
  ...RARE_MIDDLEWARES.map(
    (options): LabelRow => ({
      label: `${MIDDLEWARE}.${options}`,
      value: 'free',
      notForGate: true,
    }),
  ),
  { label: `${MIDDLEWARE}.errors.service`, value: 'service', notForGate: true },
  { label: `${MIDDLEWARE}.forwardauth.address`, value: 'address', notForGate: true },
  ...OTHER_PROTOCOLS,
]
