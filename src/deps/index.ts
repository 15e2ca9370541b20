import type { ProviderName } from './names.ts'
import type { Provider } from './provider.ts'

/** Every provider by its name, each in a folder of that name, loaded when a recipe asks for it. */
export const PROVIDERS: Readonly<Record<ProviderName, () => Promise<Provider>>> = {
  keycloak: async () => (await import('./keycloak/index.ts')).keycloak,
  smtp: async () => (await import('./smtp/index.ts')).smtp,
}

/** The provider of this name; null for a name that is none of theirs. */
export async function providerOf(name: string): Promise<Provider | null> {
  return Object.hasOwn(PROVIDERS, name) ? PROVIDERS[name as ProviderName]() : null
}
