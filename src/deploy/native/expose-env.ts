import type { AppEnv, ComposeService } from '../../recipe/model.ts'

/**
 * The operators' client gives the service `app` every variable of the app's environment that its compose files leave out (`ExposeAllEnv` in `abra app deploy`), and no other
 * service any. Recipes have programs and templates that read such a variable without naming it in a compose file.
 */
export function exposeAppEnv(service: ComposeService, env: AppEnv): ComposeService {
  return { ...service, environment: { ...Object.fromEntries(env), ...service.environment } }
}
