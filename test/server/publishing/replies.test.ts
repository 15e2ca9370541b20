// cspell:ignore efgh
import { expect, test } from 'vitest'
import { Masker } from '../../../src/lib/masking/mask.ts'
import { maskedReply, replyText } from '../../../src/server/publishing/replies.ts'

test('a secret whose characters are escaped in Markdown is still masked', () => {
  const masker = new Masker()
  masker.add('op_tok=abcd+efgh_1234567890')
  const said = replyText(maskedReply({ kind: 'grammar', line: '!testme op_tok=abcd+efgh_1234567890' }, masker), 'x')
  expect(said).not.toContain('abcd')
})
