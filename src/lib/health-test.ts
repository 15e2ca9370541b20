/** The first words of a health check's test that the engine runs; at any other it logs a warning and checks nothing (moby, daemon/health.go). */
const RUN = ['CMD', 'CMD-SHELL']

/** True where the engine checks anything by this `Test` of its own API. */
export function isHealthTest([first]: readonly string[]): boolean {
  return first !== undefined && RUN.includes(first)
}
