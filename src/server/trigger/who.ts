import type { Forge } from '../contract/forge.ts'
import type { Enrollment } from '../enrollments/enrollment.ts'

/** A member of the repository's organisation, the person whose own it is, or a name on the allow-list. Logins compare without case. Throws ForgeError. */
export async function mayAsk(
  forge: Pick<Forge, 'isMember'>,
  enrolment: Enrollment,
  comment: { readonly repository: string; readonly author: string },
): Promise<boolean> {
  if (enrolment.allow.some((login) => isSameLogin(login, comment.author))) return true
  const [organisation = ''] = comment.repository.split('/')
  return isSameLogin(organisation, comment.author) || forge.isMember(organisation, comment.author)
}

export function isSameLogin(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase()
}
