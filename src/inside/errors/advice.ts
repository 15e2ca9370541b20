/** What to do about a file that does not load, where the words of Node or of the test runner do not say it. */
export function loadAdvice(error: unknown): string | null {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  const message = error instanceof Error ? error.message : String(error)
  if (code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX') {
    return 'Only types that can be erased are understood: write a union of strings or a constant object instead of an enum, no namespaces, no parameter properties.'
  }
  if (/Cannot find (package|module) '[^./]/.test(message)) {
    return 'Only cc-ci, the modules of Node ("node:…") and files of the same folder can be imported; tests import from "cc-ci/test".'
  }
  if (/Cannot find (package|module) '/.test(message)) return 'Relative imports need the whole file name: "./login.ts".'
  if (code === 'ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING') {
    return 'TypeScript below a node_modules folder is not run: move the file out of it.'
  }
  return null
}
