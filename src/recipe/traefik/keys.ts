// The names are Traefik's own.
// cspell:disable
/** What may stand below a part of a label: by name, `*` for a name that the recipe chooses, `**` for anything at all. Empty: nothing. */
export interface Keys {
  readonly [name: string]: Keys
}

const END: Keys = {}

function ends(names: string): Keys {
  return Object.fromEntries(names.split(/\s+/).map((name) => [name, END]))
}

function named(keys: Keys): Keys {
  return { '*': keys }
}

const ANY_NAME = named(END)
const ANYTHING: Keys = { '**': END }

const TLS: Keys = { ...ends('certresolver options'), domains: ends('main sans') }
const IP_STRATEGY = ends('depth excludedips ipv6subnet')
const SOURCE: Keys = { ...ends('requestheadername requesthost'), ipstrategy: IP_STRATEGY }
const CLIENT_TLS = ends('ca caoptional cert key insecureskipverify')
const REDIS: Keys = {
  ...ends('endpoints username password db poolsize minidleconns maxactiveconns readtimeout writetimeout dialtimeout'),
  tls: ends('ca cert key insecureskipverify'),
}
const SUBJECT = 'country province locality organization commonname serialnumber domaincomponent'

/** Types of HTTP middlewares with their options; those of Traefik 2 that recipes still name are among them. */
const MIDDLEWARES: Keys = {
  addprefix: ends('prefix'),
  basicauth: ends('users usersfile realm removeheader headerfield'),
  buffering: ends('maxrequestbodybytes memrequestbodybytes maxresponsebodybytes memresponsebodybytes retryexpression'),
  chain: ends('middlewares'),
  circuitbreaker: ends('expression checkperiod fallbackduration recoveryduration responsecode'),
  compress: ends('excludedcontenttypes includedcontenttypes minresponsebodybytes encodings defaultencoding'),
  contenttype: ends('autodetect'),
  digestauth: ends('users usersfile realm removeheader headerfield'),
  encodedcharacters: ANYTHING,
  errors: { ...ends('status service query errorrequestheaders'), statusrewrites: ANY_NAME },
  forwardauth: {
    ...ends(
      'address trustforwardheader authresponseheaders authresponseheadersregex authrequestheaders addauthcookiestoresponse authsigninurl headerfield forwardbody maxbodysize maxresponsebodysize preservelocationheader preserverequestmethod',
    ),
    tls: CLIENT_TLS,
  },
  grpcweb: ends('alloworigins'),
  headers: {
    ...ends(
      'accesscontrolallowcredentials accesscontrolallowheaders accesscontrolallowmethods accesscontrolalloworiginlist accesscontrolalloworiginlistregex accesscontrolexposeheaders accesscontrolmaxage addvaryheader allowedhosts browserxssfilter contentsecuritypolicy contentsecuritypolicyreportonly contenttypenosniff custombrowserxssvalue customframeoptionsvalue featurepolicy forcestsheader framedeny hostsproxyheaders isdevelopment permissionspolicy publickey referrerpolicy sslforcehost sslhost sslredirect ssltemporaryredirect stsincludesubdomains stspreload stsseconds',
    ),
    customrequestheaders: ANY_NAME,
    customresponseheaders: ANY_NAME,
    sslproxyheaders: ANY_NAME,
  },
  inflightreq: { ...ends('amount'), sourcecriterion: SOURCE },
  ipallowlist: { ...ends('sourcerange rejectstatuscode'), ipstrategy: IP_STRATEGY },
  ipwhitelist: { ...ends('sourcerange'), ipstrategy: IP_STRATEGY },
  passtlsclientcert: {
    ...ends('pem'),
    info: {
      ...ends('notafter notbefore sans serialnumber'),
      subject: ends(`${SUBJECT} organizationalunit`),
      issuer: ends(SUBJECT),
    },
  },
  plugin: ANYTHING,
  ratelimit: { ...ends('average burst period'), sourcecriterion: SOURCE, redis: REDIS },
  redirectregex: ends('regex replacement permanent'),
  redirectscheme: ends('scheme port permanent'),
  replacepath: ends('path'),
  replacepathregex: ends('regex replacement'),
  retry: ends(
    'attempts initialinterval timeout maxrequestbodybytes status disableretryonnetworkerror retrynonidempotentmethod',
  ),
  snippet: ANYTHING,
  stripprefix: ends('prefixes forceslash'),
  stripprefixregex: ends('regex'),
}

const LOAD_BALANCER: Keys = {
  ...ends('passhostheader serverstransport strategy'),
  server: ends('port scheme url weight preservepath fenced'),
  sticky: { cookie: ends('name secure httponly samesite maxage path domain') },
  healthcheck: {
    ...ends('scheme mode method status path port interval unhealthyinterval timeout hostname followredirects'),
    headers: ANY_NAME,
  },
  passivehealthcheck: ends('failurewindow maxfailedattempts'),
  responseforwarding: ends('flushinterval'),
}

const HTTP: Keys = {
  routers: named({
    ...ends('entrypoints middlewares service rule rulesyntax parentrefs priority defaultrule'),
    tls: TLS,
    observability: ends('accesslogs metrics tracing traceverbosity'),
  }),
  services: named({
    ...ends('middlewares'),
    loadbalancer: LOAD_BALANCER,
    weighted: ANYTHING,
    mirroring: ANYTHING,
    failover: ANYTHING,
    highestrandomweight: ANYTHING,
    observability: ANYTHING,
  }),
  middlewares: named(MIDDLEWARES),
  serverstransports: ANYTHING,
  models: ANYTHING,
}

const TCP: Keys = {
  routers: named({
    ...ends('entrypoints middlewares service rule rulesyntax priority'),
    tls: { ...TLS, ...ends('passthrough') },
  }),
  services: named({
    weighted: ANYTHING,
    loadbalancer: {
      ...ends('terminationdelay serverstransport'),
      proxyprotocol: ends('version'),
      server: ends('port tls address'),
      healthcheck: ends('port send expect interval unhealthyinterval timeout'),
    },
  }),
  middlewares: named({
    ipallowlist: ends('sourcerange'),
    ipwhitelist: ends('sourcerange'),
    inflightconn: ends('amount'),
  }),
  serverstransports: ANYTHING,
  models: ANYTHING,
}

const UDP: Keys = {
  routers: named(ends('entrypoints service')),
  services: named({ weighted: ANYTHING, loadbalancer: { server: ends('port address') } }),
}

/**
 * The labels that Traefik's Docker and Swarm providers know, below `traefik`, in lower case: the case of labels counts for nothing.
 * Asked of Traefik 3.7 label by label; what only Traefik 2 knows is among it.
 */
export const TRAEFIK_KEYS: Keys = {
  enable: END,
  docker: ends('network lbswarm'),
  swarm: ends('network lbswarm'),
  http: HTTP,
  tcp: TCP,
  udp: UDP,
  tls: { stores: { default: ANYTHING } },
}
