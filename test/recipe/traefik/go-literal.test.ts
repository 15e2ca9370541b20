import { expect, test } from 'vitest'
import { unquote } from '../../../src/recipe/traefik/go-literal.ts'

test.each<[literal: string, value: string | null]>([
  ['`a\\x62`', 'a\\x62'],
  ['`ci.te\rst`', 'ci.test'],
  ['"tes\\x74"', 'test'],
  ['"tes\\164"', 'test'],
  ['"tes\\u0074"', 'test'],
  ['"tes\\U00000074"', 'test'],
  ['"\\xc3\\xa9 \\303\\251 é"', 'é é é'],
  ['"\\a\\b\\f\\n\\r\\t\\v\\\\\\""', '\u0007\b\f\n\r\t\v\\"'],
  ['"\\*"', null],
  ['"\\\'"', null],
  ['"\\x7"', null],
  ['"\\777"', null],
  ['"\\ud800"', null],
  ['"\\U00110000"', null],
  ['"a\nb"', null],
  ['""', ''],
])('%j stands for %j', (literal, value) => expect(unquote(literal)).toBe(value))
