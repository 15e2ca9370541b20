/** What the database's thread is started with. */
export interface ThreadData {
  /** Folder of the database; it exists. */
  readonly folder: string
  /** Where an empty database of this version is kept to be copied, lest each new one take the seconds of `initdb`; null: not from there. */
  readonly prepared: string | null
}

/** `id` ties an answer to what was asked; the thread answers in the order in which it was asked. */
export type ThreadRequest =
  | { readonly kind: 'query'; readonly id: number; readonly sql: string; readonly parameters: readonly unknown[] }
  | { readonly kind: 'close' }

export interface QueryResult {
  readonly rows: unknown[]
  readonly affectedRows: number | null
}

/** An error as it crosses the thread's border. */
export interface WireError {
  readonly name: string
  readonly message: string
  /** SQLSTATE, where the database said one. */
  readonly code: string | null
  readonly stack: string | null
}

/** `failed`: the database could not be opened, and the thread ends; `broken`: it is no longer usable, and the thread ends. */
export type ThreadResponse =
  | { readonly kind: 'ready' }
  | { readonly kind: 'failed'; readonly error: WireError }
  | { readonly kind: 'result'; readonly id: number; readonly result: QueryResult }
  | { readonly kind: 'error'; readonly id: number; readonly error: WireError }
  | { readonly kind: 'broken'; readonly id: number; readonly error: WireError }
