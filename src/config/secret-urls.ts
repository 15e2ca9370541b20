import { MASK } from '../lib/masking/mask.ts'

/** `user:password@`, or what stands alone before the `@`. No part of an address has a blank, and none of these a slash. */
const USER_INFO = /:\/\/([^\s/?#@"'<>]*(?:@[^\s/?#@"'<>]*)*)@/g
/** `password=...` in the query of a URL. */
const PARAMETER = /([?&;])([\w.-]{1,64})=([^\s&;#"'<>]+)/g

/** What programs take in place of a URL: the name, if it has one, and the value. */
const ELSEWHERE: readonly RegExp[] = [
  // `Server=db;Password=...;`, `host=db password=...`
  /(?:^|[;\s])(?<name>password|passwd|pwd|secret|token)\s?=\s?(?<value>"[^"]+"|'[^']+'|[^;\s"']+)/gi,
  // `{"password":"..."}`
  /"(?<name>[\w.-]{1,64})"\s{0,9}:\s{0,9}"(?<value>(?:[^"\\]|\\.)+)"/g,
  // `user:...@tcp(db:3306)/app`
  /(?:^|\s)[^\s:@/]{1,64}:(?<value>[^\s@]+)@(?:tcp6?|unix)?\(/g,
]

/** A user without a password is a secret only where nobody would choose it for a name: `https://<token>@host`. */
const TOKEN_LENGTH = 16

interface UserInfo {
  readonly user: string
  /** Null where there is no colon. */
  readonly password: string | null
}

function userInfoOf(text: string): UserInfo {
  const colon = text.indexOf(':')
  return colon === -1 ? { user: text, password: null } : { user: text.slice(0, colon), password: text.slice(colon + 1) }
}

/** What is secret in the URLs of a text, as it stands there and decoded: passwords, tokens before an `@`, parameters whose name `isSecret`. */
export function secretPartsOf(text: string, isSecret: (name: string) => boolean): string[] {
  const found: string[] = []
  for (const [, info = ''] of text.matchAll(USER_INFO)) {
    const { user, password } = userInfoOf(info)
    if (password) found.push(password)
    if (isToken(user) && !password) found.push(user)
  }
  if (text.includes('://'))
    for (const [, , name = '', value = ''] of text.matchAll(PARAMETER)) if (isSecret(name)) found.push(value)
  for (const { groups = {} } of ELSEWHERE.flatMap((pattern) => [...text.matchAll(pattern)]))
    if (groups.value && (groups.name === undefined || isSecret(groups.name))) found.push(bare(groups.value))
  return [...new Set(found.flatMap((part) => [part, decoded(part)]))]
}

/** The text with these parts replaced: `postgres://app:***@db/app`. */
export function withoutSecretParts(text: string, isSecret: (name: string) => boolean): string {
  const elsewhere = ELSEWHERE.reduce(
    (left, pattern) =>
      left.replace(pattern, (whole: string, ...more: unknown[]) => {
        const { name, value = '' } = more.at(-1) as { readonly name?: string; readonly value?: string }
        return name !== undefined && !isSecret(name) ? whole : whole.replace(bare(value), () => MASK)
      }),
    text,
  )
  if (!text.includes('://')) return elsewhere
  return elsewhere
    .replace(USER_INFO, (whole, info: string) => {
      const { user, password } = userInfoOf(info)
      if (password) return `://${user}:${MASK}@`
      return isToken(user) ? `://${MASK}${password === null ? '' : ':'}@` : whole
    })
    .replace(PARAMETER, (whole, sign: string, name: string) => (isSecret(name) ? `${sign}${name}=${MASK}` : whole))
}

/** Without the quotes around it. */
function bare(value: string): string {
  return /^(["']).*\1$/.test(value) ? value.slice(1, -1) : value
}

function isToken(user: string): boolean {
  return user.length >= TOKEN_LENGTH
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
