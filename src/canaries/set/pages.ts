import type { Canary } from '../canary.ts'
import { passes, stops } from '../expect.ts'
import { HTTPD } from '../tiny.ts'

const BROWSER = 'page-shown'
const PHP = `<br />
<b>Fatal error</b>:  Uncaught PDOException: SQLSTATE[HY000] [2002] Connection refused in /var/www/html/Db.php:41
Stack trace:
#0 {main}
  thrown in <b>/var/www/html/Db.php</b> on line <b>41</b><br />`
const QUOTED = `<!doctype html><title>502 Bad Gateway: notes</title><header><a href="/">Notes</a></header>
<h1>502 Bad Gateway</h1><p>Last night it said:</p><pre>502 Bad Gateway
nginx</pre>`
const RELOADS = '<!doctype html><title>App</title><h1>One moment</h1><script>location.reload()</script>'
const TAKES_ALL =
  '<!doctype html><title>App</title><h1>One moment</h1><script>for (const kept = [];;) kept.push(new Uint8Array(1 << 25).fill(1))</script>'

/** What an app shows in a browser though its status says that all is well, and what only looks like an error. */
export const PAGES: Readonly<Record<string, Canary>> = {
  'blank-page': {
    about: 'The app answers 200 with a page that shows nothing.',
    expect: stops('install', 'blank-page', BROWSER),
    base: null,
    head: { serve: page('<!doctype html><title>App</title><div id=root></div>') },
    fast: 'only a browser can tell',
  },
  'error-page': {
    about: 'Answers 200 with a fatal error of PHP.',
    expect: stops('install', 'error-page', BROWSER),
    base: null,
    head: { serve: page(PHP) },
  },
  'redirect-loop': {
    about: 'Redirects from https to itself.',
    shape: 'job',
    expect: stops('install', 'redirect-loop', 'task-answers'),
    base: null,
    head: { serve: redirect('https://$HTTP_HOST/') },
  },
  'reload-loop': {
    about: 'The page loads itself again and again.',
    expect: stops('install', 'redirect-loop', BROWSER),
    base: null,
    head: { serve: page(RELOADS) },
  },
  'page-memory': {
    about: 'The page takes memory without end.',
    expect: stops('install', 'page-memory', BROWSER),
    base: null,
    head: { serve: page(TAKES_ALL) },
  },
  'quoted-error': {
    about: 'A page that quotes an error.',
    expect: passes(),
    both: { serve: page(QUOTED) },
  },
  'login-elsewhere': {
    about: 'Sends people to a login at another host.',
    shape: 'front',
    expect: passes({ findings: ['leaves-domain'] }),
    both: { serve: redirect('https://login.example.org/auth') },
  },
}

function page(markup: string): string {
  return `mkdir -p /www\necho ok > /www/ok.txt\ncat > /www/index.html <<'END'\n${markup}\nEND\n${HTTPD}`
}

function redirect(to: string): string {
  const program = `#!/bin/sh\\necho "Status: 302 Found"; echo "Location: ${to}"; echo; echo moved\\n`
  return `mkdir -p /www/cgi-bin\necho ok > /www/ok.txt\nprintf '${program}' > /www/cgi-bin/index.cgi\nchmod +x /www/cgi-bin/index.cgi\n${HTTPD}`
}
