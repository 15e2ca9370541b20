import { ForgeError } from '../../contract/errors.ts'

/** An answer was larger than what is read of one. A page of less may still be read. */
export class TooLargeError extends ForgeError {
  constructor(maxBytes: number) {
    super('forge-broken', `an answer of the forge is larger than ${maxBytes} bytes`)
  }
}
