import { INSIDE } from '../sandbox/contract.ts'

/**
 * Fills in where things are, in the environment, so that the config and the reporter of the test runner need not import what specs import too:
 * Playwright Test keeps one compiled form of each file, and the two of them and specs may be modules of different kinds.
 */
export function setDefaults(): void {
  process.env.CC_CI_CODE ??= INSIDE.code
  process.env.CC_CI_BROWSER ??= INSIDE.browser
}
