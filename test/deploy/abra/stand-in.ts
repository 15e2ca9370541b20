import { join } from 'node:path'

/** A program that does what abra is documented to do: see `stand-in/main.ts`. */
export const STAND_IN = join(import.meta.dirname, 'stand-in', 'abra')
