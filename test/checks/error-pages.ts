// cspell:ignore Npgsql errormsg rsaquo springframework titleerror wsgi
import type { PAGE_SIGNS } from '../../src/checks/page-signs.ts'

type SignId = (typeof PAGE_SIGNS)[number]['id']

const html = (title: string, body: string, attributes = '') =>
  `<!doctype html><html><head><title>${title}</title></head><body${attributes}>${body}</body></html>`
const centered = (title: string, server: string) =>
  `<html><head><title>${title}</title></head><body><center><h1>${title}</h1></center><hr><center>${server}</center></body></html>`
const plain = (text: string) => `<html><body><pre>${text}</pre></body></html>`
const FATAL = `<br />
<b>Fatal error</b>:  Uncaught PDOException: SQLSTATE[HY000] [2002] Connection refused in /var/www/html/lib/Db.php:41
Stack trace:
#0 /var/www/html/lib/Db.php(41): PDO-&gt;__construct('mysql:host=db;d...', 'app', Object(SensitiveParameterValue))
#1 /var/www/html/index.php(12): Db::connect()
#2 {main}
  thrown in <b>/var/www/html/lib/Db.php</b> on line <b>41</b><br />
`

/** Pages as these programs send them, shortened where they repeat themselves: name of the page, its sign, the document. */
export const ERROR_PAGES: readonly (readonly [name: string, sign: SignId, document: string])[] = [
  ['an uncaught exception of PHP', 'php-fatal-error', FATAL],
  [
    'a fatal error after warnings',
    'php-fatal-error',
    `<br />\n<b>Warning</b>:  require(vendor/autoload.php): Failed to open stream: No such file or directory in <b>/app/index.php</b> on line <b>3</b><br />
<br />\n<b>Fatal error</b>:  Uncaught Error: Failed opening required 'vendor/autoload.php' (include_path='.:/usr/share/php') in /app/index.php:3
Stack trace:\n#0 {main}\n  thrown in <b>/app/index.php</b> on line <b>3</b><br />`,
  ],
  [
    'a parse error',
    'php-fatal-error',
    '<br />\n<b>Parse error</b>:  syntax error, unexpected token "}", expecting ";" in <b>/app/config.php</b> on line <b>9</b><br />',
  ],
  [
    'a fatal error in mid-page',
    'php-error-below',
    html('Our wiki', `<nav><a href=/>Home</a></nav><h1>Main page</h1><p>Welcome to the wiki of the house.</p>${FATAL}`),
  ],
  [
    'Django in debug mode',
    'django-debug-page',
    html(
      'OperationalError\n          at /',
      `<header id="summary"><h1>OperationalError <span>at /</span></h1><pre class="exception_value">could not translate host name &quot;db&quot; to address</pre>
<table class="meta"><tr><th>Request Method:</th><td>GET</td></tr><tr><th>Request URL:</th><td>http://app.ci.test/</td></tr></table></header>
<main id="info"><div id="traceback"><h2>Traceback</h2><ul><li><code>/usr/lib/python3/django/db/backends/base/base.py</code>, line 289, in ensure_connection</li></ul></div></main>
<footer id="explanation"><p>You’re seeing this error because you have <code>DEBUG = True</code> in your Django settings file.</p></footer>`,
    ),
  ],
  ['Django without debug mode', 'server-error-page', html('Server Error (500)', '<h1>Server Error (500)</h1><p></p>')],
  [
    'the debugger of Werkzeug',
    'werkzeug-debugger',
    html(
      'sqlite3.OperationalError: no such table: users\n // Werkzeug Debugger',
      `<div class="debugger"><h1>OperationalError</h1><div class="detail"><p class="errormsg">sqlite3.OperationalError: no such table: users</p></div>
<h2 class="traceback">Traceback <em>(most recent call last)</em></h2><div class="traceback"><ul><li><div class="frame"><h4>File <cite>"/app/main.py"</cite>, line <em>12</em>, in <code>index</code></h4></div></ul></div></div>`,
    ),
  ],
  [
    'Flask without debug mode',
    'server-error-page',
    `<!doctype html><html lang=en><title>500 Internal Server Error</title><h1>Internal Server Error</h1><p>The server encountered an internal error and was unable to complete your request. Either the server is overloaded or there is an error in the application.</p>`,
  ],
  [
    'Rails in production',
    'rails-error-page',
    html(
      "We're sorry, but something went wrong (500)",
      `<div class="dialog"><div><h1>We're sorry, but something went wrong.</h1></div><p>If you are the application owner check the logs for more information.</p></div>`,
    ),
  ],
  [
    'Rails in development',
    'rails-exception-page',
    html(
      'Action Controller: Exception caught',
      `<header><h1>ActiveRecord::ConnectionNotEstablished</h1></header><main id="container"><h2 class="exception-message">connection to server at "10.0.1.4", port 5432 failed: Connection refused</h2><p><code>Rails.root: /app</code></p></main>`,
    ),
  ],
  [
    'Whoops of Laravel',
    'laravel-whoops',
    html(
      'Whoops! There was an error.',
      `<div class="Whoops container"><div class="stack-container"><header><div class="exc-title"><span>Illuminate\\Database\\</span><span class="exc-title-primary">QueryException</span></div><div class="exc-message">SQLSTATE[HY000] [2002] Connection refused</div></header></div></div>`,
    ),
  ],
  [
    'Laravel in production',
    'laravel-server-error',
    html(
      'Server Error',
      '<div class="flex-center"><div class="code">500</div><div class="message" style="text-transform: uppercase">Server Error</div></div>',
    ),
  ],
  [
    'Symfony in debug mode',
    'symfony-exception-page',
    html(
      'An exception occurred in driver: SQLSTATE[08006] [7] could not translate host name (500 Internal Server Error)',
      '<div class="exception-summary"><h1 class="exception-message">An exception occurred in driver</h1></div><div class="trace">in /app/vendor/doctrine/dbal/src/Driver.php (line 46)</div>',
    ),
  ],
  [
    'Symfony in production',
    'symfony-error-page',
    html(
      'An Error Occurred: Internal Server Error',
      '<div class="container"><h1>Oops! An Error Occurred</h1><h2>The server returned a "500 Internal Server Error".</h2><p>Something is broken. Please let us know what you were doing when this error occurred.</p></div>',
    ),
  ],
  [
    'WordPress without its database, as it was',
    'wordpress-no-database',
    html('Database Error', '<h1>Error establishing a database connection</h1>'),
  ],
  [
    'WordPress without its database, as it is',
    'wordpress-no-database',
    html(
      'WordPress &rsaquo; Error',
      '<div class="wp-die-message"><h1>Error establishing a database connection</h1><p>This either means that the username and password information in your <code>wp-config.php</code> file is incorrect or that contact with the database server at <code>db</code> could not be established.</p><ul><li>Are you sure you have the correct username and password?</li></ul></div>',
      ' id="error-page"',
    ),
  ],
  [
    'a plugin of WordPress that fails',
    'wordpress-critical-error',
    html(
      'WordPress &rsaquo; Error',
      '<div class="wp-die-message"><p>There has been a critical error on this website.</p><p><a href="https://wordpress.org/documentation/article/faq-troubleshooting/">Learn more about troubleshooting WordPress.</a></p></div>',
      ' id="error-page"',
    ),
  ],
  [
    'Spring without a page for errors',
    'spring-whitelabel',
    "<html><body><h1>Whitelabel Error Page</h1><p>This application has no explicit mapping for /error, so you are seeing this as a fallback.</p><div id='created'>Tue Nov 24 12:00:00 UTC 2026</div><div>There was an unexpected error (type=Internal Server Error, status=500).</div></body></html>",
  ],
  [
    'ASP.NET in development',
    'aspnet-exception-page',
    html(
      'Internal Server Error',
      '<h1>An unhandled exception occurred while processing the request.</h1><div class="titleerror">NpgsqlException: Failed to connect to 10.0.1.4:5432</div><h2>Stack</h2><p>Npgsql.Internal.NpgsqlConnector.Connect()</p>',
    ),
  ],
  [
    'Nextcloud',
    'nextcloud-server-error',
    html(
      'Nextcloud',
      '<header><div class="logo"></div></header><div class="guest-box"><h2>Internal Server Error</h2><p>The server was unable to complete your request.</p><p>If this happens again, please send the technical details below to the server administrator.</p><h3>Technical details</h3><ul><li>Remote Address: 10.0.1.9</li><li>Request ID: Zm3x</li></ul></div><footer><p>a safe home for all your data</p></footer>',
    ),
  ],
  [
    'Next.js, in the browser',
    'nextjs-application-error',
    html(
      '',
      '<div id="__next"><h2>Application error: a client-side exception has occurred (see the browser console for more information).</h2></div>',
    ),
  ],
  [
    'Next.js, on the server',
    'nextjs-application-error',
    html(
      '500: Internal Server Error',
      '<h2>Application error: a server-side exception has occurred while loading app.ci.test (see the server logs for more information).</h2><p>Digest: 2718281828</p>',
    ),
  ],
  [
    'Drupal',
    'drupal-error',
    'The website encountered an unexpected error. Try again later.<br><br><em class="placeholder">Drupal\\Core\\Database\\ConnectionNotDefinedException</em>: The specified database connection is not defined: default',
  ],
  [
    'PDO',
    'database-error-text',
    'Connection failed: SQLSTATE[HY000] [1045] Access denied for user &#039;app&#039;@&#039;10.0.1.7&#039; (using password: YES)',
  ],
  [
    'PostgreSQL',
    'database-error-text',
    plain(
      'could not connect to server: Connection refused\n\tIs the server running on host "db" (10.0.1.4) and accepting\n\tTCP/IP connections on port 5432?',
    ),
  ],
  ['Express without a route', 'express-no-route', html('Error', '<pre>Cannot GET /</pre>')],
  ['nginx before nobody', 'server-error-page', centered('502 Bad Gateway', 'nginx/1.22.1')],
  [
    'Apache',
    'server-error-page',
    '<html><head><title>500 Internal Server Error</title></head><body><h1>Internal Server Error</h1><p>The server encountered an internal error or misconfiguration and was unable to complete your request.</p><p>More information about this error may be available in the server error log.</p><hr><address>Apache/2.4.57 (Debian) Server at app.ci.test Port 80</address></body></html>',
  ],
  [
    'Apache before nobody',
    'server-error-page',
    '<html><head><title>503 Service Unavailable</title></head><body><h1>Service Unavailable</h1><p>The server is temporarily unable to service your request due to maintenance downtime or capacity problems. Please try again later.</p></body></html>',
  ],
  [
    'Tomcat',
    'server-error-page',
    html(
      'HTTP Status 500 – Internal Server Error',
      '<h1>HTTP Status 500 – Internal Server Error</h1><hr class="line"><p><b>Type</b> Exception Report</p><p><b>Description</b> The server encountered an unexpected condition that prevented it from fulfilling the request.</p>',
    ),
  ],
  ['a gateway that says one thing', 'server-error-text', plain('Bad Gateway')],
  ['Express in production', 'server-error-text', html('', '<pre>Internal Server Error</pre>')],
  [
    'Node',
    'stack-trace',
    html(
      'Error',
      '<pre>Error: connect ECONNREFUSED 10.0.1.4:5432<br> &nbsp; &nbsp;at TCPConnectWrap.afterConnect [as oncomplete] (node:net:1555:16)<br> &nbsp; &nbsp;at async Pool.connect (/app/node_modules/pg-pool/index.js:45:11)<br> &nbsp; &nbsp;at async /app/server.js:12:3</pre>',
    ),
  ],
  [
    'Python',
    'stack-trace',
    plain(
      'Traceback (most recent call last):\n  File "/app/wsgi.py", line 41, in app\n    db = connect(URL)\n         ^^^^^^^^^^^^\n  File "/app/db.py", line 7, in connect\n    return psycopg2.connect(url)\npsycopg2.OperationalError: could not translate host name "db" to address',
    ),
  ],
  [
    'Java',
    'stack-trace',
    plain(
      'java.lang.IllegalStateException: Failed to load ApplicationContext\n\tat org.springframework.boot.SpringApplication.run(SpringApplication.java:322)\n\tat com.example.Main.main(Main.java:11)\nCaused by: java.net.ConnectException: Connection refused\n\tat java.base/sun.nio.ch.Net.connect0(Native Method)\n\t... 12 more',
    ),
  ],
  [
    'Go',
    'stack-trace',
    plain(
      'panic: runtime error: invalid memory address or nil pointer dereference\n\ngoroutine 18 [running]:\nmain.handler(0x0, 0xc000012345)\n\t/src/app/main.go:31 +0x1d\nnet/http.HandlerFunc.ServeHTTP(...)\n\t/usr/local/go/src/net/http/server.go:2166 +0x29',
    ),
  ],
  [
    'Ruby',
    'stack-trace',
    html(
      'Internal Server Error',
      `<pre>/app/lib/db.rb:12:in 'connect': connection refused (PG::ConnectionBad)\n\tfrom /app/app.rb:4:in 'block in &lt;class:App&gt;'\n\tfrom /usr/lib/ruby/gems/sinatra/base.rb:1801:in 'call'</pre>`,
    ),
  ],
  [
    'nginx as it comes',
    'nginx-default-page',
    html(
      'Welcome to nginx!',
      '<h1>Welcome to nginx!</h1><p>If you see this page, the nginx web server is successfully installed and working. Further configuration is required.</p><p><em>Thank you for using nginx.</em></p>',
    ),
  ],
  [
    'Apache as it comes',
    'apache-default-page',
    html(
      'Apache2 Debian Default Page: It works',
      '<div class="main_page"><span class="floating_element">Apache2 Debian Default Page</span><div class="section_header">It works!</div><p>This is the default welcome page used to test the correct operation of the Apache2 server after installation on Debian systems.</p></div>',
    ),
  ],
  ['httpd of Apache as it comes', 'it-works-page', '<html><body><h1>It works!</h1></body></html>'],
  [
    'a listing of nginx',
    'directory-listing',
    html(
      'Index of /',
      '<h1>Index of /</h1><hr><pre><a href="../">../</a>\n<a href="readme.txt">readme.txt</a> 24-Nov-2026 12:00 12</pre><hr>',
    ),
  ],
  [
    'a listing of Python',
    'directory-listing',
    html(
      'Directory listing for /',
      '<h1>Directory listing for /</h1><hr><ul><li><a href="a.txt">a.txt</a></li></ul><hr>',
    ),
  ],
  [
    'phpinfo()',
    'phpinfo-page',
    html(
      'PHP 8.2.7 - phpinfo()',
      '<div class="center"><table><tr class="h"><td><h1 class="p">PHP Version 8.2.7</h1></td></tr></table><h2>Environment</h2><table><tr><td>DB_HOST</td><td>db</td></tr></table></div>',
    ),
  ],
  ['nothing found, with 200', 'not-found-page', centered('404 Not Found', 'nginx')],
]

const article = (title: string, quoted: string) =>
  html(
    `${title} | Notes of an operator`,
    `<header><a href=/>Notes of an operator</a><nav><a href=/tags>Tags</a> <a href=/about>About</a></nav></header>
<article><h1>${title}</h1><p>Last night the wiki was down, and this is what it said:</p><pre>${quoted}</pre><p>The database had moved to another host. Changing its name in the settings brought the wiki back.</p></article>
<aside><h2>Other notes</h2><ul><li>Backups that nobody had tried</li><li>Certificates and clocks</li></ul></aside><footer>Written by hand, served by something small.</footer>`,
  )

/** Pages that speak of errors and are none. */
export const LOOK_ALIKES: readonly (readonly [name: string, document: string])[] = [
  ['a note on a fatal error of PHP', article('Fatal error: Uncaught Error', FATAL)],
  [
    'a note on WordPress',
    article('Error establishing a database connection', 'Error establishing a database connection'),
  ],
  ['a note on a bad gateway', article('502 Bad Gateway', '<h1>502 Bad Gateway</h1>nginx/1.22.1')],
  ['a note on Spring', article('Whitelabel Error Page', 'This application has no explicit mapping for /error')],
  [
    'a note with a trace',
    article(
      'A trace',
      'Traceback (most recent call last):\n  File "/app/a.py", line 1, in b\n  File "/app/a.py", line 2, in c\n  File "/app/a.py", line 3, in d\nKeyError: 1',
    ),
  ],
  ['a note on nginx', article('Welcome to nginx!', 'If you see this page')],
  [
    'a book about Rails',
    html(
      "We're sorry, but something went wrong: a book",
      '<h1>A book about error pages</h1><p>We are sorry to see you go.</p>',
    ),
  ],
  [
    'a monitor of other sites',
    html(
      'Status',
      '<h1>Status</h1><table><tr><td>wiki</td><td>502 Bad Gateway</td></tr><tr><td>mail</td><td>Internal Server Error</td></tr><tr><td>git</td><td>OK</td></tr></table>',
    ),
  ],
  [
    'an issue tracker',
    html(
      'Issues',
      '<h1>Issues</h1><ul><li>Fatal error: Uncaught TypeError in /app/a.php on line 3</li><li>Cannot GET /login</li><li>Service Unavailable at night</li></ul><form><input name=q></form>',
    ),
  ],
  ['a start page that works', html('Tiny', '<h1>A tiny app</h1><p>It works.</p>')],
  ['a shop for index cards', html('Index of cards', '<h1>Index of cards</h1><p>Ruled, plain, squared.</p>')],
  [
    'an error page of the app for one feature',
    html('Dashboard', '<h1>Dashboard</h1><p>Mail: Internal Server Error (retrying)</p><p>3 notes</p>'),
  ],
]
