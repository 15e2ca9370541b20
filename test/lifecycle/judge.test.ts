import { describe, expect, it } from 'vitest'
import { DeployFailure } from '../../src/deploy/deploy-failure.ts'
import { DeadlineError, InfraError, RecipeError } from '../../src/lib/errors.ts'
import { causeOfError } from '../../src/lifecycle/judge.ts'
import { cause } from '../../src/verdict/causes.ts'

const FULL = 'write /var/lib/docker/tmp: no space left on device'

describe('what an error amounts to', () => {
  it.each<[string, unknown, { code: string; blame: string }]>([
    [
      'a full disk that the engine speaks of',
      new InfraError('engine-refused', FULL),
      { code: 'disk-full', blame: 'infra' },
    ],
    [
      'a full disk that an error of ours was caused by',
      new InfraError('engine-lost', 'x', { cause: new Error(FULL) }),
      { code: 'disk-full', blame: 'infra' },
    ],
    ['a full disk without a code', new Error(FULL), { code: 'disk-full', blame: 'infra' }],
    ['an engine that is gone', new InfraError('no-answer', 'x'), { code: 'engine-lost', blame: 'infra' }],
    ['a code that is a cause', new RecipeError('compose-invalid', 'x'), { code: 'compose-invalid', blame: 'recipe' }],
    ['a deadline', new DeadlineError('late', 'x'), { code: 'deadline', blame: 'infra' }],
    ['a deployment', new DeployFailure(cause('secret-missing', 'x')), { code: 'secret-missing', blame: 'recipe' }],
    ['anything else', new TypeError('x'), { code: 'harness-error', blame: 'ci' }],
  ])('%s', (_, error, expected) => expect(causeOfError(error)).toMatchObject(expected))
})
