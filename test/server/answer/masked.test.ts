import { expect, test } from 'vitest'
import { Masker } from '../../../src/lib/mask.ts'
import { maskedReply } from '../../../src/server/answer/masked.ts'
import { replyText } from '../../../src/server/answer/words.ts'

test('a secret whose characters are escaped in Markdown is still masked', () => {
  const masker = new Masker()
  masker.add('op_tok=abcd+efgh_1234567890')
  const said = replyText(maskedReply({ kind: 'grammar', line: '!testme op_tok=abcd+efgh_1234567890' }, masker), 'x')
  expect(said).not.toContain('abcd')
})
