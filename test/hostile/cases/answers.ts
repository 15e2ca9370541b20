import { healthcheck } from '../../../src/canaries/changes.ts'
import type { Tweak } from '../../../src/canaries/tiny.ts'
import { PAGE } from '../../../src/canaries/tiny.ts'
import { fails, type HostileCases } from '../case.ts'

/** Answers each request with what `reply` prints; it finds the address in `$path`. */
function answering(reply: string): Tweak {
  return {
    serve: `cat > /reply.sh <<'REPLY'
read -r verb path rest
while read -r line && [ "\${#line}" -gt 1 ]; do :; done
${reply}
REPLY
trap 'exit 0' TERM
busybox nc -ll -p 8080 -e /bin/sh /reply.sh &
wait`,
    compose: healthcheck({ test: ['CMD', 'true'] }),
  }
}

const head = (status: string, ...headers: readonly string[]) =>
  `printf 'HTTP/1.1 ${status}\\r\\nConnection: close\\r\\n${headers.map((line) => `${line}\\r\\n`).join('')}\\r\\n'`
const CHUNKS = "while printf '10000\\r\\n' && head -c 65536 /dev/zero | tr '\\0' x && printf '\\r\\n'; do :; done"

/** A page whose script is this. */
function scripted(script: string): Tweak {
  return {
    serve: `${PAGE}\necho '<script>${script}</script>' >> /www/index.html\ntrap 'exit 0' TERM\nbusybox httpd -f -p 8080 -h /www &\nwait`,
  }
}

/** What is answered over HTTP, to cc-ci's own looks and to the browser. */
export const ANSWERS: HostileCases = {
  'redirects-without-end': {
    about: 'Each address leads to a longer one.',
    head: answering(
      `printf 'HTTP/1.1 302 Found\\r\\nConnection: close\\r\\nContent-Length: 0\\r\\nLocation: %sx\\r\\n\\r\\n' "$path"`,
    ),
    ends: fails('install', 'redirect-loop'),
    withinSeconds: 900,
  },
  'chunks-without-end': {
    about: 'A page of text that never ends, in chunks.',
    head: answering(`${head('200 OK', 'Content-Type: text/plain', 'Transfer-Encoding: chunked')}\n${CHUNKS}`),
    ends: fails('install', 'http-not-serving'),
    withinSeconds: 900,
  },
  'headers-without-end': {
    about: 'Headers that never end.',
    head: answering(`printf 'HTTP/1.1 200 OK\\r\\n'; while printf 'X-More: %01000d\\r\\n' 7; do :; done`),
    ends: fails('install', 'http-not-serving'),
    withinSeconds: 900,
  },
  'one-byte-a-second': {
    about: 'Promises a megabyte and sends one byte a second.',
    head: answering(
      `${head('200 OK', 'Content-Type: text/html', 'Content-Length: 1000000')}\nwhile printf x; do sleep 1; done`,
    ),
    ends: fails('install', 'http-not-serving'),
    withinSeconds: 900,
  },
  'says-nothing': {
    about: 'Takes every connection, and never says a word.',
    head: answering('sleep 100000'),
    ends: fails('install', 'http-not-serving'),
    withinSeconds: 900,
  },
  'page-that-moves-on': {
    about: 'A script opens the page again without end.',
    head: scripted('location.search = Math.random()'),
    ends: fails('install', 'redirect-loop'),
    withinSeconds: 900,
  },
  'page-that-is-busy': {
    about: 'A script that never comes to an end.',
    head: scripted('for(;;);'),
    ends: fails('install', 'http-not-serving'),
    withinSeconds: 900,
  },
  'page-with-dialogs': {
    about: 'A dialog after each dialog.',
    head: scripted('for(;;)alert(1);'),
    ends: fails('install', 'http-not-serving'),
    withinSeconds: 900,
  },
  'page-that-eats': {
    fast: 'memory of the browser',
    about: 'A script that keeps all the memory it can get.',
    head: scripted('for (const kept = [];;) kept.push(new Uint8Array(1 << 25).fill(1));'),
    ends: fails('install', 'page-memory'),
    withinSeconds: 900,
  },
  'download-without-end': {
    about: 'Sends a file without end, for the browser to keep.',
    head: answering(
      `${head('200 OK', 'Content-Type: application/zip', 'Content-Disposition: attachment; filename=a.zip', 'Transfer-Encoding: chunked')}\n${CHUNKS}`,
    ),
    ends: fails('install', 'http-not-serving'),
    withinSeconds: 900,
  },
}
