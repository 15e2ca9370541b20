/** Ends the program as abra does: FATA on standard output, and exit code 1. */
export class Fatal extends Error {}

export function info(text: string): void {
  process.stdout.write(`INFO ${text}\n`)
}
