/** Credentials of a dependency: flat texts under fixed names. */
export type Credentials = Readonly<Record<string, string>>

/** A message that the app sent to the mail sink. */
export interface Mail {
  /** Sender and receivers as the server was told them, whatever the headers say. */
  readonly from: string
  readonly to: readonly string[]
  readonly subject: string
  readonly date: string
  /** Null when the message has no such part. */
  readonly text: string | null
  readonly html: string | null
}

/**
 * The mail server of the run: it takes every message and delivers none.
 * @example await expect.poll(async () => (await deps.smtp.messages()).length).toBe(1)
 */
export interface Smtp {
  readonly host: string
  readonly port: string
  /** A sender address that it takes. */
  readonly from: string
  /** What has arrived since the last `clear`, oldest first. */
  messages(): Promise<readonly Mail[]>
  clear(): Promise<void>
}

/**
 * A realm of the run's own in a real Keycloak, with one client and one user.
 * @example await page.getByLabel('Username').fill(deps.keycloak.username)
 */
export interface Keycloak {
  readonly url: string
  readonly domain: string
  readonly realm: string
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: string
  readonly discoveryUrl: string
  readonly authUrl: string
  readonly tokenUrl: string
  readonly userinfoUrl: string
  readonly username: string
  readonly password: string
  readonly email: string
}

/** The dependencies that cc-ci brings along. */
interface BuiltInDeps {
  readonly keycloak: Keycloak
  readonly smtp: Smtp
}

/**
 * Fixture `deps`: each declared dependency by its name; one that is a recipe itself has its credentials only. Looking at a declared dependency
 * that is not there skips the test with the reason; at one that is not declared, fails it.
 */
export type Deps = BuiltInDeps & Readonly<Record<string, Credentials>>
