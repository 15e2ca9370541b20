import { mariadbServer } from './mariadb.ts'
import { postgresServer } from './postgres.ts'
import { redisServer } from './redis.ts'
import type { DatabaseServer } from './server.ts'

/** Every kind of database server that is watched. */
export const DATABASE_SERVERS: readonly DatabaseServer[] = [postgresServer, mariadbServer, redisServer]
