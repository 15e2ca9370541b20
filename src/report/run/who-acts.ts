import type { Blame } from '../../verdict/causes.ts'

/** Whose move it is, by the blame of a cause: one sentence without its stop, as every view says it. */
export const WHO_ACTS: Readonly<Record<Blame, string>> = {
  recipe: 'the maintainer of the recipe has to act',
  upstream: 'the makers of the app have to act',
  infra: 'whoever runs this machine has to act',
  ci: 'a fault of cc-ci, please report it',
}
