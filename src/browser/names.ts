/** What the container of a run's browser is called, known before it exists: by this name, and the run's label, it is found and removed. */
export function browserName(prefix: string): string {
  return `${prefix}_ccci-browser`
}
