/** True for what git would fetch from elsewhere: `https://…`, `ssh://…`, `file://…`, `user@host:path`. */
export function isUrl(text: string): boolean {
  return /^[a-z][a-z0-9+.-]*:(\/\/|:)/i.test(text) || /^[\w.-]+@[\w.-]+:[^\s]/.test(text)
}

/** The URL as it may be kept and shown. */
export function withoutCredentials(url: string): string {
  return url.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/@]*@/i, '$1').replace(/[?#].*$/, '')
}

/** False for the kinds of address by which git would start a program, such as `ext::`. */
export function isFetchable(url: string): boolean {
  if (url.startsWith('-')) return false
  return (
    /^(https?|ssh|git|file):\/\//i.test(url) || !/^[a-z][a-z0-9+.-]*::?/i.test(url) || /^[\w.-]+@[\w.-]+:[^:]/.test(url)
  )
}
