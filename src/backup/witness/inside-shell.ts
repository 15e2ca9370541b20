/**
 * For scripts that run in a database's own container: `value NAME` prints what the variable NAME holds, or the file that NAME_FILE names, as
 * the usual images define their credentials; `first NAMES...` the first of them that is there. Nothing of it is printed beyond a pipe.
 */
export const CREDENTIALS = `value() { eval "v=\\\${$1:-}"; eval "f=\\\${$1_FILE:-}"; if [ -n "$v" ]; then printf %s "$v"; elif [ -n "$f" ] && [ -r "$f" ]; then cat "$f"; fi; }
first() { for n; do r=$(value "$n"); [ -n "$r" ] && { printf %s "$r"; return; }; done; }`

/** Exit codes of those scripts, beside the client's own. */
export const NO_SERVER = 2
export const NO_LOGIN = 3
export const NO_CLIENT = 127
