import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { backup } from '../../../src/canaries/changes.ts'
import { LISTEN } from '../../../src/canaries/tiny.ts'
import { fails, type HostileCases, PASS } from '../case.ts'

const MIB = 1024 ** 2
/** `resources.log` is 100m in two files of half the size; the one that is full is only noticed when a line is whole. */
const MOST_LOG = 104 * MIB

/** Names that a shell, a list by lines, or a program's options would take for something else. */
const NAMES = `cd /data
mkdir -p -- '-rf' '$(touch hacked)' '; touch hacked' 'a b' '..x' '*'
printf x > "$(printf 'line\\nbreak')"; printf x > "$(printf 'not\\377utf8')"; printf x > "$(printf 'esc\\033[2J')"
printf x > "-rf/$(printf '%0250d' 1)"; printf x > '--help'; printf x > '"quoted"'; printf x > '*/?'
deep=.; for i in $(seq 1 200); do deep=$deep/d; mkdir $deep; done; printf x > $deep/end`

/** What is written, kept or looked into. */
export const STORAGE: HostileCases = {
  'log-flood': {
    fast: 'the log',
    about: 'Prints as fast as it can.',
    head: { serve: `yes "$(printf '%01000d' 7)" &\n${LISTEN}` },
    ends: PASS,
    withinSeconds: 900,
    faults: ({ logBytes, run }) => [
      ...(logBytes > MOST_LOG ? [`the engine kept ${logBytes} bytes of a log`] : []),
      ...(logBytes < MIB ? [`no flood: the engine kept ${logBytes} bytes`] : []),
      ...(run && sizeOf(run) > 64 * MIB ? [`the run kept ${sizeOf(run)} bytes`] : []),
    ],
  },
  'sparse-dump': {
    fast: 'a dump of holes',
    about:
      'The hook before a backup makes a dump of holes that is larger than the disk; reading it takes time, hence not the 200 GB that were tried first.',
    head: { compose: backup({ 'backup.pre-hook': 'truncate -s 12G /data/dump.sql' }) },
    only: 'backup',
    ends: fails('backup', 'backup-empty', /dump\.sql/),
    withinSeconds: 900,
  },
  'hostile-names': {
    about: 'Files whose names are options, commands, lines, no text, and 200 folders deep.',
    head: { serve: `[ -e /data/a* ] || { ${NAMES}\n}\n${LISTEN}` },
    only: 'restore',
    ends: PASS,
    withinSeconds: 900,
  },
  'links-out': {
    about: 'Links in the volume lead to files of whoever looks into it; the labels ask for what is behind them.',
    head: {
      serve: `ln -sfn /etc /data/etc; ln -sfn /etc/passwd /data/dump.sql; ln -sfn ../../../../etc /data/up; ln -sfn / /data/root\n${LISTEN}`,
      compose: backup({ 'backup.volumes.data.path': 'etc/passwd,dump.sql', 'backup.pre-hook': 'true' }),
    },
    only: 'restore',
    ends: fails('backup', 'backup-not-covered', /etc\/passwd/),
    withinSeconds: 900,
    faults: ({ run }) => (run ? quoting(run, /root:x:0:0/) : []),
  },
  'links-beside': {
    about: 'The same links beside ordinary data: they are backed up as links, and nothing is emptied through them.',
    head: {
      serve: `ln -sfn /etc /data/etc; ln -sfn ../../../../etc /data/up; ln -sfn / /data/root; ln -sfn loop /data/loop\n${LISTEN}`,
    },
    only: 'restore',
    ends: PASS,
    withinSeconds: 900,
  },
}

function filesBelow(dir: string): string[] {
  if (!existsSync(dir)) return []
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
}

function sizeOf(dir: string): number {
  return filesBelow(dir).reduce((sum, file) => sum + readFileSync(file).length, 0)
}

function quoting(dir: string, text: RegExp): string[] {
  return filesBelow(dir)
    .filter((file) => text.test(readFileSync(file, 'latin1')))
    .map((file) => `${file} quotes ${text}`)
}
