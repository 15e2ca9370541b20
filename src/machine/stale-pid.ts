import { readFileSync, rmSync } from 'node:fs'

/** Where Debian's dockerd and the containerd that it starts note their process. */
const PID_FILES = {
  '/var/run/docker.pid': 'dockerd',
  '/var/run/docker/containerd/containerd.pid': 'containerd',
} as const

/**
 * Removes pid files of an engine that did not end in order (power loss, SIGKILL). Their number may meanwhile belong to another
 * program: dockerd would take that for a running engine and refuse to start, or wait for its containerd forever.
 */
export function dropStalePidFiles(files: Readonly<Record<string, string>> = PID_FILES): string[] {
  return Object.entries(files).flatMap(([file, program]) => {
    const pid = read(file)?.trim()
    if (pid === undefined || read(`/proc/${pid}/comm`)?.trim() === program) return []
    rmSync(file, { force: true })
    return [file]
  })
}

function read(file: string): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    // Not there, or the process ended meanwhile.
    return null
  }
}
