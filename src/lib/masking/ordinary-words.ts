// cspell:ignore imaps ldaps smtpd smtps xoauth
/** Words of four to seven letters that settings and logs are full of. As a password each is the first that anybody would try. */
const WORDS = new Set(
  `true false none null auto enable enabled default always never root admin user users guest anon test tests testing demo prod
  local live debug info warn warning error fatal trace plain login basic digest cram ntlm bearer oauth oauth2 xoauth token secret pass passwd
  http https smtp smtps imap imaps ldap ldaps saml oidc mail email smtpd redis mysql maria mariadb mongo mongodb pgsql sqlite nginx
  main master latest stable server client public private host hosts name data file files path home type mode example
  change changed string value empty open close closed start stop ready healthy`.split(/\s+/),
)

/**
 * Whether a short value is so common that masking it would make a log untrue and hide nothing: a word of the trade, or a number of up to five digits
 * (ports, years, counts).
 */
export function isOrdinary(value: string): boolean {
  return /^\d{1,5}$/.test(value) || /^(.)\1*$/.test(value) || WORDS.has(value.toLowerCase())
}
