import { expect, it } from 'vitest'
import { InfraError } from '../../../src/lib/errors.ts'
import { isNoSpace } from '../../../src/lib/files/no-space.ts'

const full = Object.assign(new Error('write'), { code: 'ENOSPC' })

it.each<[string, unknown, boolean]>([
  ['what the system says', full, true],
  ['a quota', Object.assign(new Error('write'), { code: 'EDQUOT' }), true],
  [
    'what the engine says, with a code of ours',
    new InfraError('engine-refused', 'write /var: no space left on device'),
    true,
  ],
  ['what caused another error', new InfraError('engine-lost', 'x', { cause: full }), true],
  ['another error', new InfraError('engine-lost', 'no answer'), false],
  ['no error', 'no space left on device', false],
])('a full disk: %s', (_, error, expected) => expect(isNoSpace(error)).toBe(expected))
