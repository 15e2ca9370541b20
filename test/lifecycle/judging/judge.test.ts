import { describe, expect, it } from 'vitest'
import { DeployFailure } from '../../../src/deploy/deploy-failure.ts'
import { notUnderstood } from '../../../src/engine/answer.ts'
import { EngineRefusal } from '../../../src/engine/connection.ts'
import { DeadlineError, InfraError, RecipeError } from '../../../src/lib/errors.ts'
import { causeOfError } from '../../../src/lifecycle/judging/judge.ts'
import { cause } from '../../../src/verdict/causes.ts'

const FULL = 'write /var/lib/docker/tmp: no space left on device'

describe('what an error amounts to', () => {
  it.each<[string, unknown, { code: string; blame: string; deterministic?: boolean }]>([
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
    [
      'a refusal that nobody says is about the recipe',
      new EngineRefusal('POST /x', 409, 'busy'),
      { code: 'engine-refused', blame: 'infra', deterministic: true },
    ],
    [
      'a refusal of an engine that cannot do it now',
      new EngineRefusal('GET /x', 503, 'no leader'),
      { code: 'engine-refused', blame: 'infra', deterministic: false },
    ],
    ['an answer that is not understood', notUnderstood('GET /x', 'no JSON'), { code: 'engine-answer', blame: 'infra' }],
    ['a code that is a cause', new RecipeError('compose-invalid', 'x'), { code: 'compose-invalid', blame: 'recipe' }],
    ['a deadline', new DeadlineError('late', 'x'), { code: 'deadline', blame: 'infra' }],
    ['a deployment', new DeployFailure(cause('secret-missing', 'x')), { code: 'secret-missing', blame: 'recipe' }],
    ['anything else', new TypeError('x'), { code: 'harness-error', blame: 'ci' }],
  ])('%s', (_, error, expected) => expect(causeOfError(error)).toMatchObject(expected))
})
