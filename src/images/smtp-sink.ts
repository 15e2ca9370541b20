import { readFileSync } from 'node:fs'
import { debianBase } from './debian-base.ts'
import type { ImageDefinition } from './definition.ts'
import { installPackages } from './packages.ts'

/** A mail server that delivers nothing: it keeps what apps send, for tests to read. See `smtp-sink/sink.py`. */
export function smtpSinkImage(): ImageDefinition {
  return {
    tag: 'cc-ci/smtp-sink:1',
    from: debianBase(),
    steps: [
      installPackages(['python3-aiosmtpd']),
      'COPY sink.py /sink.py',
      'ENV PYTHONDONTWRITEBYTECODE=1',
      'CMD ["python3", "/sink.py", "serve"]',
    ],
    files: { 'sink.py': readFileSync(new URL('./smtp-sink/sink.py', import.meta.url), 'utf8') },
    labels: { 'cc-ci.role': 'dep-image' },
  }
}
