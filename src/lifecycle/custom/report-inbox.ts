import { InfraError } from '../../lib/errors.ts'

const MAX_CHARACTERS = 32 * 1024 * 1024

/** Collects the requests `report` of one program, up to a bound: what a test sends must not fill the memory of the harness. */
export class ReportInbox {
  readonly messages: unknown[] = []
  #room = MAX_CHARACTERS

  /** The handler of `report`. */
  readonly take = async (message: unknown): Promise<null> => {
    if (this.#room <= 0) throw new InfraError('too-many-reports', 'more reports than are kept')
    this.#room -= (JSON.stringify(message) ?? '').length
    this.messages.push(message)
    return null
  }
}
