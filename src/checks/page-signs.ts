/** What a page shows, as far as a sign asks for it. */
export interface PageFacts {
  readonly title: string
  /** Text of the first headings (h1, h2) that can be seen, in the order of the page. */
  readonly headings: readonly string[]
  /** All text that can be seen. */
  readonly text: string
  /** Those of MARKS that are in the page. */
  readonly marks: readonly string[]
}

/**
 * How to know a page that is not what the app was made to show. Every field that is given must hold, and each asks for the place of
 * a text, not for the text alone: an article that quotes an error has a title, a heading and an opening of its own.
 */
export interface PageSign {
  readonly id: string
  /** `decisive`: no app shows this page when it works. `finding`: somebody may want it so. */
  readonly weight: 'decisive' | 'finding'
  /** Completes "the page is ...". */
  readonly means: string
  readonly todo: string
  readonly title?: RegExp
  /** The first heading. */
  readonly heading?: RegExp
  /** How all visible text begins. */
  readonly opening?: RegExp
  /** How all visible text ends. */
  readonly ending?: RegExp
  /** Stands somewhere in the text: never enough alone. */
  readonly says?: RegExp
  /** Lines of this kind are at least three, and two of five of all. */
  readonly lines?: RegExp
  /** An element that only this page has: a CSS selector. */
  readonly mark?: string
  /** More visible text than so many characters is another page. */
  readonly longest?: number
}

const ERROR_NAME = String.raw`(?:HTTP Status )?(?:Error )?(?:5\d\d\b[\s:|–-]*)?(?:Internal Server Error|Bad Gateway|Service (?:Temporarily )?Unavailable|Gateway Time-?out|Server Error(?: \(500\))?|Application Error)[.!]?`
/** The name of an error of the server, and nothing else. */
const SERVER_ERROR = new RegExp(`^${ERROR_NAME}$`, 'i')
/** The same as the first line of a page. */
const OPENS_WITH_SERVER_ERROR = new RegExp(`^${ERROR_NAME}(?:\\n|$)`, 'i')
const READ_LOG = "Read the log of the service: the app's own error stands there."
const PHP_DIES = String.raw`(?:PHP )?(?:Fatal|Parse|Compile|Core) error\s?: [\s\S]{1,6000}? on line \d+`
const FRAME = new RegExp(
  [
    String.raw`at (?:async )?\S.*(?::\d+(?::\d+)?\)?|\((?:Native Method|Unknown Source|\S+\.(?:java|kt|scala|groovy)(?::\d+)?)\)|:line \d+)`,
    String.raw`File ".+", line \d+(?:, in .+)?`,
    String.raw`#\d+ .+\(\d+\): .+`,
    String.raw`#\d+ \{main\}`,
    String.raw`(?:from )?\S+\.rb:\d+:in .+`,
    String.raw`goroutine \d+ \[.+\]:`,
    String.raw`\S+\.go:\d+(?: \+0x[0-9a-f]+)?`,
    String.raw`Traceback \(most recent call last\):`,
    'Caused by: .+',
    '[~^]+',
  ]
    .map((form) => `^(?:${form})$`)
    .join('|'),
)

/**
 * Every page that is known, the particular before the general: the first that matches names the page. A decisive one needs at least two
 * marks of structure.
 */
export const PAGE_SIGNS: readonly PageSign[] = [
  {
    id: 'php-fatal-error',
    weight: 'decisive',
    means: 'a fatal error of PHP',
    todo: 'Read the message: it names the file and the line.',
    opening: new RegExp(
      String.raw`^(?:(?:Warning|Notice|Deprecated)\s?: [\s\S]{1,2000}? on line \d+\s+){0,20}${PHP_DIES}`,
    ),
    ending: /(?: on line \d+|\{main\})$/,
    longest: 12_000,
  },
  {
    id: 'php-error-below',
    weight: 'finding',
    means: 'cut off by a fatal error of PHP, which stands at its end',
    todo: 'Read the message at the end of the page: it names the file and the line.',
    ending: new RegExp(String.raw`(?:^|\n)\s*${PHP_DIES}$`),
  },
  {
    id: 'django-debug-page',
    weight: 'decisive',
    means: "Django's debug page for an error",
    todo: `${READ_LOG} Set DEBUG to False: this page shows settings to everybody.`,
    title: / at \/\S*$/,
    mark: '#summary',
    says: /DEBUG\s?=\s?True/,
  },
  {
    id: 'werkzeug-debugger',
    weight: 'decisive',
    means: "Werkzeug's debugger for an error",
    todo: `${READ_LOG} Turn debug mode off: this page lets everybody run code.`,
    title: /\/\/ Werkzeug Debugger$/,
    mark: 'div.debugger',
  },
  {
    id: 'rails-error-page',
    weight: 'decisive',
    means: "Rails' page for an error",
    todo: READ_LOG,
    title: /^We['’]re sorry, but something went wrong/,
    opening: /^We['’]re sorry, but something went wrong/,
    longest: 800,
  },
  {
    id: 'rails-exception-page',
    weight: 'decisive',
    means: "Rails' debug page for an error",
    todo: READ_LOG,
    title: /^Action Controller: Exception caught$/,
    heading: /Error|Exception| in \w+#\w+|::/,
  },
  {
    id: 'laravel-whoops',
    weight: 'decisive',
    means: "Laravel's debug page for an error",
    todo: `${READ_LOG} Set APP_DEBUG to false.`,
    title: /^Whoops! There was an error/,
    mark: '.Whoops.container',
  },
  {
    id: 'laravel-server-error',
    weight: 'decisive',
    means: "Laravel's page for an error",
    todo: READ_LOG,
    title: /^(?:Server Error|Service Unavailable)$/,
    opening: /^50\d\s*\|?\s*(?:server error|service unavailable)$/i,
  },
  {
    id: 'symfony-exception-page',
    weight: 'decisive',
    means: "Symfony's debug page for an error",
    todo: READ_LOG,
    title: /\(5\d\d [A-Z][\w ]+\)$/,
    mark: '.exception-summary',
  },
  {
    id: 'symfony-error-page',
    weight: 'decisive',
    means: "Symfony's page for an error",
    todo: READ_LOG,
    heading: /^Oops! An Error Occurred$/,
    opening: /^Oops! An Error Occurred\n/,
    says: /The server returned a "5\d\d/,
    longest: 600,
  },
  {
    id: 'wordpress-no-database',
    weight: 'decisive',
    means: "WordPress' page for a database that it cannot reach",
    todo: 'Check the name of the database service, its user and password, and whether both share a network.',
    heading: /^Error establishing a database connection$/,
    opening: /^Error establishing a database connection(?:\n|$)/,
    longest: 1500,
  },
  {
    id: 'wordpress-critical-error',
    weight: 'decisive',
    means: "WordPress' page for a fatal error of PHP",
    todo: READ_LOG,
    mark: 'body#error-page',
    opening: /^There has been a critical error on this website/,
  },
  {
    id: 'spring-whitelabel',
    weight: 'decisive',
    means: "Spring's page for an error",
    todo: READ_LOG,
    heading: /^Whitelabel Error Page$/,
    opening: /^Whitelabel Error Page\n/,
    says: /unexpected error \(type=/,
  },
  {
    id: 'aspnet-exception-page',
    weight: 'decisive',
    means: "ASP.NET's debug page for an error",
    todo: READ_LOG,
    title: /^(?:Internal Server Error|Runtime Error|Error)/,
    opening: /^(?:An unhandled exception occurred while processing the request|Server Error in '.*' Application)/,
  },
  {
    id: 'nextcloud-server-error',
    weight: 'decisive',
    means: "Nextcloud's page for an error",
    todo: READ_LOG,
    heading: /^Internal Server Error$/,
    mark: '#body-login, .guest-box',
    says: /The server was unable to complete your request/,
    longest: 2000,
  },
  {
    id: 'nextjs-application-error',
    weight: 'decisive',
    means: "Next.js' page for an error",
    todo: 'Read the console errors, or the log of the service for an error on its side.',
    opening: /^Application error: a (?:client|server)-side exception has occurred/,
    longest: 400,
  },
  {
    id: 'drupal-error',
    weight: 'decisive',
    means: "Drupal's page for an error",
    todo: READ_LOG,
    opening: /^The website encountered an unexpected error\. (?:Please )?try again later/i,
    longest: 3000,
  },
  {
    id: 'database-error-text',
    weight: 'decisive',
    means: 'nothing but an error of the database',
    todo: 'Check the name of the database service, its user and password, and whether both share a network.',
    opening:
      /^(?:Connection failed: |Database error: |Fatal: )?(?:SQLSTATE\[\w+\]|could not connect to (?:the )?(?:database|server)|(?:mysqli?|pg)_connect\(\)|Access denied for user '|no such table: |relation ".+" does not exist)/i,
    longest: 600,
  },
  {
    id: 'express-no-route',
    weight: 'decisive',
    means: "Express' answer for a page that it does not have",
    todo: 'Is the frontend built into the image, and is the path right? Otherwise set `screenshot.path`.',
    title: /^(?:Error)?$/,
    opening: /^Cannot (?:GET|HEAD) \/\S*$/,
    longest: 300,
  },
  {
    id: 'server-error-page',
    weight: 'decisive',
    means: 'the page of a web server for an error',
    todo: 'Does the web server in the container reach what it passes requests on to? Read the logs of both.',
    title: SERVER_ERROR,
    heading: SERVER_ERROR,
    opening: OPENS_WITH_SERVER_ERROR,
    longest: 1500,
  },
  {
    id: 'server-error-text',
    weight: 'decisive',
    means: 'nothing but the name of an error',
    todo: READ_LOG,
    opening: SERVER_ERROR,
    longest: 60,
  },
  {
    id: 'stack-trace',
    weight: 'decisive',
    means: 'a stack trace',
    todo: `${READ_LOG} Turn debug mode off.`,
    title: /^$|error|exception|traceback/i,
    lines: FRAME,
    longest: 40_000,
  },
  {
    id: 'nginx-default-page',
    weight: 'finding',
    means: "nginx's default page: no site is configured",
    todo: 'If the app should show something else, look where its site configuration and files are mounted.',
    title: /^Welcome to (?:nginx|OpenResty)(?: on \S+)?!?$/i,
    opening: /^Welcome to (?:nginx|OpenResty)/i,
  },
  {
    id: 'apache-default-page',
    weight: 'finding',
    means: "Apache's default page: no site is configured",
    todo: 'If the app should show something else, look where its site configuration and files are mounted.',
    title: /^(?:Apache2? .*Default Page|Test Page for the (?:Apache )?HTTP Server)/,
  },
  {
    id: 'it-works-page',
    weight: 'finding',
    means: '"It works!", the default page of a web server',
    todo: 'If the app should show something else, look where its site configuration and files are mounted.',
    heading: /^(?:It works!|Caddy works!)$/,
    longest: 800,
  },
  {
    id: 'directory-listing',
    weight: 'finding',
    means: 'a listing of a directory',
    todo: 'If the app should show something else: its start page is missing, or the web server runs no scripts.',
    title: /^(?:Index of|Directory listing for) \//,
    opening: /^(?:Index of|Directory listing for) \//,
  },
  {
    id: 'phpinfo-page',
    weight: 'finding',
    means: 'the output of phpinfo(), which shows the environment to everybody',
    todo: 'Remove it from what is served.',
    title: /phpinfo\(\)$/,
    heading: /^PHP Version /,
  },
  {
    id: 'not-found-page',
    weight: 'finding',
    means: 'a page that says that nothing is found here, with a status that says all is well',
    todo: 'Set `screenshot.path` to a page that people open.',
    title: /^(?:(?:Error )?404\b|(?:Page )?Not Found\b)/i,
    opening: /^(?:(?:Error )?404\b|(?:Page )?Not Found\b)/i,
    longest: 1000,
  },
]

/** The selectors that a browser must look for. */
export const MARKS: readonly string[] = PAGE_SIGNS.flatMap(({ mark }) => mark ?? [])

/** The first sign that a page bears, or null for a page that bears none. */
export function pageSignOf(page: PageFacts): PageSign | null {
  return PAGE_SIGNS.find((sign) => bears(page, sign)) ?? null
}

function bears({ title, headings, text, marks }: PageFacts, sign: PageSign): boolean {
  const { longest = Number.POSITIVE_INFINITY } = sign
  const holds = (wanted: RegExp | undefined, value: string) => wanted === undefined || wanted.test(value)
  return (
    text !== '' &&
    text.length <= longest &&
    holds(sign.title, title.trim()) &&
    holds(sign.heading, headings[0] ?? '') &&
    holds(sign.opening, text) &&
    holds(sign.ending, text) &&
    holds(sign.says, text) &&
    (sign.mark === undefined || marks.includes(sign.mark)) &&
    (sign.lines === undefined || mostly(sign.lines, text))
  )
}

const LEAST_LINES = 3
const LEAST_SHARE = 0.4

function mostly(wanted: RegExp, text: string): boolean {
  const lines = text.split('\n').flatMap((line) => line.trim() || [])
  const found = lines.filter((line) => wanted.test(line)).length
  return found >= LEAST_LINES && found >= LEAST_SHARE * lines.length
}
