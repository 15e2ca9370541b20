import type { ExecOptions, ExecResult } from './ctx.ts'

/** A service of the app as it is right now. */
export interface AppService {
  /** Its name in the compose file. */
  readonly service: string
  /** The reference as the recipe wrote it. */
  readonly image: string
  /** How many of its tasks should run: 0 for a one-shot that is not started, null for one on each node. */
  readonly replicas: number | null
}

/** The deployed app, as tests see it: fixture `app`. */
export interface App {
  /** `https://<domain>`, without a slash at the end; `page.goto('/')` starts there too. */
  readonly baseUrl: string
  /**
   * Runs a program in the running container of a service. Throws when it ends with anything but 0, unless `allowFailure`.
   * @example const { stdout } = await app.exec('db', ['psql', '-U', 'todo', '-tc', 'select count(*) from items'])
   */
  exec(service: string, argv: readonly string[], options?: ExecOptions): Promise<ExecResult>
  /**
   * The last lines that a service has written, both streams, oldest first.
   * @example expect(await app.logs('app')).toContain('listening')
   */
  logs(service: string): Promise<string>
  /**
   * Every service of the app, with its image.
   * @example const names = (await app.services()).map(({ service }) => service)
   */
  services(): Promise<readonly AppService[]>
}
