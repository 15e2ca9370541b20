type Path = readonly (string | number)[]

const MISSING = Symbol('missing')

/** The places of a JSON value, itself left out: members and items, at any depth. */
export function placesOf(value: unknown, at: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) => {
    const path = [...at, Array.isArray(value) ? Number(key) : key]
    return [path, ...placesOf(inner, path)]
  })
}

/** A copy with another value at one place. */
export function withValue(value: unknown, path: Path, put: unknown): unknown {
  const [key, ...rest] = path
  if (key === undefined) return put
  if (Array.isArray(value)) return value.map((item, index) => (index === key ? withValue(item, rest, put) : item))
  const { [key]: inner, ...others } = value as Record<string | number, unknown>
  const next = withValue(inner, rest, put)
  return next === MISSING ? others : { ...others, [key]: next }
}

/** A copy without one member; an item of a list can only be null. */
export function without(value: unknown, path: Path): unknown {
  return withValue(value, path, typeof path.at(-1) === 'number' ? null : MISSING)
}

/** A copy whose objects all have a member that nobody knows yet. */
export function withMore(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withMore)
  if (typeof value !== 'object' || value === null) return value
  return {
    ...Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withMore(inner)])),
    FromTheFuture: null,
  }
}
