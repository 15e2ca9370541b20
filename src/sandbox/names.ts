/** What a run's sandbox is called on the engine, known before it exists: by these names, and the run's label, it is found and removed. */
export interface SandboxNames {
  readonly box: string
  readonly gate: string
  readonly reaper: string
  readonly network: string
}

export function sandboxNames(prefix: string): SandboxNames {
  return {
    box: `${prefix}_ccci-sandbox`,
    gate: `${prefix}_ccci-gate`,
    reaper: `${prefix}_ccci-reaper`,
    network: `${prefix}_ccci-sandbox`,
  }
}
