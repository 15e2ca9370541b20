import type { ForgeComment } from '../contract/forge.ts'

/** The newest change that whole rounds of polling have seen, for each enrolment; forgotten at the process's end. */
export class Newest {
  readonly #at = new Map<string, string>()

  of(name: string): string | null {
    return this.#at.get(name) ?? null
  }

  saw(name: string, comments: readonly Pick<ForgeComment, 'updatedAt'>[]): void {
    for (const { updatedAt } of comments) {
      const known = this.#at.get(name)
      if (known === undefined || Date.parse(updatedAt) > Date.parse(known)) this.#at.set(name, updatedAt)
    }
  }
}
