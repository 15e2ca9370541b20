import { withMachineLock } from '../../../src/lib/process/machine-lock.ts'

/**
 * A machine has one Keycloak, and some tests remove it: test files that need it take turns. Resolves to the function that ends the turn;
 * the turn also ends with the process.
 */
export function keycloakTurn(): Promise<() => void> {
  return new Promise((taken, failed) => {
    const turn = () => new Promise<void>((ended) => taken(ended))
    withMachineLock(() => {}, turn, 'cc-ci-test-keycloak').catch(failed)
  })
}
