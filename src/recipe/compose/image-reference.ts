const DOMAIN = /^([a-zA-Z0-9]+(-+[a-zA-Z0-9]+)*(\.[a-zA-Z0-9]+(-+[a-zA-Z0-9]+)*)*|\[[a-fA-F0-9:]+\])(:\d+)?$/
const NAME = /^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*$/
const TAG = /^\w[\w.-]{0,127}$/
const DIGEST = /^(sha256:[a-f0-9]{64}|sha384:[a-f0-9]{96}|sha512:[a-f0-9]{128})$/
const MAX_NAME = 255

/** True for an image as the engine understands one: `[registry/]name[:tag][@digest]`. */
export function isImageReference(text: string): boolean {
  const { name, tag, digest } = /^(?<name>[^@]*?)(?::(?<tag>[^/:@]*))?(?:@(?<digest>.*))?$/.exec(text)?.groups ?? {}
  if (!name || name.length > MAX_NAME || /^[a-f0-9]{64}$/.test(name)) return false
  if (tag !== undefined && !TAG.test(tag)) return false
  if (digest !== undefined && !DIGEST.test(digest)) return false
  const [first = '', ...rest] = name.split('/')
  const registry = rest.length > 0 && (/[.:A-Z]/.test(first) || first === 'localhost')
  if (registry && !DOMAIN.test(first)) return false
  return (registry ? rest : [first, ...rest]).every((part) => NAME.test(part))
}
