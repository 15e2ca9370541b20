import type { ResolvedStack } from '../../recipe/model.ts'
import { frontPath } from '../../recipe/traefik/front-path.ts'
import { httpsRules } from '../../recipe/traefik/routers.ts'
import type { RunPlan } from '../plan.ts'

type PathPlan = Pick<RunPlan, 'settings' | 'app'>

/** Where the app with this stack is asked: at `health.path` where somebody set it, otherwise where its routers lead. */
export function healthPath({ settings, app }: PathPlan, stack: ResolvedStack): string {
  return settings.sources.has('health.path') ? settings.settings.health.path : frontPath(httpsRules(stack), app.domain)
}

/** Where a browser opens it: at `screenshot.path`, or likewise. `/` is the front of the app, wherever that is. */
export function pagePath({ settings, app }: PathPlan, stack: ResolvedStack): string {
  const { path } = settings.settings.screenshot
  return path === '/' ? frontPath(httpsRules(stack), app.domain) : path
}
