import { z } from 'zod'
import { DECLARABLE } from '../../verdict/tiers.ts'
import { backupRule, environment, memory, removedSubject, witnessSubject } from '../formats.ts'
import { setting } from '../row.ts'

/** How the app is deployed, upgraded, backed up and judged. */
export const lifeRows = {
  env: setting(environment, {
    earlier: 'EXTRA_ENV',
    what: "Values added to the app's environment, over those of .env.sample.",
    default: {},
    example: { LOG_LEVEL: 'debug' },
    call: {
      params: ['ctx'],
      result: 'Record<string, string>',
      example: '(ctx) => ({ ALLOWED_ORIGIN: ctx.baseUrl })',
    },
  }),
  'upgrade.from': setting(z.string().min(1).max(200), {
    earlier: 'UPGRADE_BASE_VERSION',
    what: 'The version an upgrade starts from: a released version, `auto` (the newest that differs), or `none`.',
    default: 'auto',
    example: '1.0.0+0.30.4',
  }),
  'upgrade.env': setting(environment, {
    earlier: 'UPGRADE_EXTRA_ENV',
    what: 'Values added when the app is upgraded: what operators are told to add.',
    default: {},
    example: { NEW_FEATURE: 'enabled' },
    call: { params: ['ctx'], result: 'Record<string, string>', example: '(ctx) => ({ PUBLIC_URL: ctx.baseUrl })' },
  }),
  'upgrade.data': setting(z.enum(['new', 'canonical']), {
    earlier: null,
    what: 'What the version before has in its volumes when it is upgraded. `new`: what its installation made. `canonical`: the data that the last green run of that version left, where it is kept.',
    default: 'new',
    example: 'canonical',
  }),
  'upgrade.rollback': setting(z.boolean(), {
    earlier: null,
    what: 'Whether a whole run ends by going back: the version before is put back on empty volumes, and the backup that was made of it before the upgrade restored. It costs a backup, a deployment and a restore more. `--rollback` asks for it once.',
    default: false,
    example: true,
  }),
  'backup.capable': setting(z.union([z.literal('auto'), z.boolean()]), {
    earlier: 'BACKUP_CAPABLE',
    what: 'Whether the app can be backed up; `auto` reads the backupbot labels. `false` hides no backup that they promise; `true` makes missing labels a fault.',
    default: 'auto',
    example: false,
  }),
  'backup.verify': setting(z.array(backupRule).max(50), {
    earlier: 'BACKUP_VERIFY',
    what: 'What every snapshot must hold, beyond what is always looked at. While it does not hold, the whole backup is made again, up to three times.',
    default: [],
    example: [{ volume: 'data', path: 'dump.sql', minBytes: 1000, contains: 'CREATE TABLE' }],
    call: {
      params: ['ctx'],
      result: 'boolean',
      example: `async (ctx) => (await ctx.exec('db', ['cat', '/backup/dump.sql'])).stdout.includes('CREATE TABLE')`,
    },
  }),
  notApplicable: setting(z.partialRecord(z.enum(DECLARABLE), z.string().trim().min(3, 'a reason').max(500)), {
    earlier: 'EXPECTED_NA',
    what: 'Tiers that do not apply to this recipe, each with the reason. It never overrides a result.',
    default: {},
    example: { backup: 'the app keeps no data', restore: 'the app keeps no data' },
  }),
  removed: setting(z.record(removedSubject, z.string().trim().min(3, 'a reason').max(500)), {
    earlier: null,
    what: 'What the release does and this version leaves out on purpose, each with the reason: routes, published ports, HTTP as a whole, backups, volumes. What is named here is a finding of the upgrade; what is not fails it. The message of the failure names the subjects.',
    default: {},
    example: {
      'route:DOMAIN/admin': 'the admin pages moved into the app',
      'port:8448/tcp': 'federation goes over 443',
    },
  }),
  deps: setting(
    z
      .array(
        z
          .string()
          .regex(/^[a-z0-9][\w.-]*$/i, 'the name of a dependency')
          .max(100),
      )
      .max(20),
    {
      earlier: 'DEPS',
      what: 'What must be up before the app is deployed: providers of cc-ci, or recipes by name. The app gets what they give by `install-steps.sh`, or by `env` as a function.',
      default: [],
      example: ['keycloak'],
    },
  ),
  canonical: setting(z.boolean(), {
    earlier: 'WARM_CANONICAL',
    what: 'Whether the data of a released version is kept when a whole run of it was green, so that later runs start from it (a canonical). Its custom tests must bear an app that they were run against before.',
    default: false,
    example: true,
  }),
  witness: setting(z.union([z.literal('auto'), z.literal(false), z.array(witnessSubject).min(1).max(100)]), {
    earlier: null,
    what: 'Where cc-ci plants data to see if it survives: wherever it can, or only in the subjects listed. `false` leaves upgrade, restore and resilience without proof: unverified.',
    default: 'auto',
    example: ['volume:data', 'postgres:db'],
  }),
  restore: setting(z.enum(['whole', 'small']), {
    earlier: null,
    what: 'How much is destroyed before the restore. `whole`: the covered volumes are emptied and the app is started on them as new, as on another machine. `small`: only planted markers and dumps; the result says loudly what that does not prove.',
    default: 'whole',
    example: 'small',
  }),
  resilience: setting(z.boolean(), {
    earlier: null,
    what: 'Whether the container of each service is killed once to see if it comes back with its data, and the same commit deployed again. `false` skips that tier.',
    default: true,
    example: false,
  }),
  'resources.memory': setting(memory, {
    earlier: null,
    what: 'The most memory that each service may have which sets no limit of its own. Without it: what the run has, or its share of the machine; see `cc-ci plan`.',
    default: null,
    example: '512m',
  }),
}
