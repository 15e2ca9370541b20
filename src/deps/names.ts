/** Every provider, as it stands in `deps:`. */
export const PROVIDER_NAMES = ['keycloak', 'smtp'] as const

export type ProviderName = (typeof PROVIDER_NAMES)[number]
