import { randomId } from '../../lib/ids.ts'
import type { ComposeService, ResolvedStack } from '../../recipe/model.ts'
import { backupPlan } from '../labels.ts'
import type { Witness, WitnessContext, WitnessRow } from './contract.ts'
import { parseState, REDIS, type RedisState } from './redis-script.ts'
import {
  type ClientCall,
  type DatabaseServer,
  hasRestoreHook,
  imageName,
  queryServer,
  unreadableReason,
} from './server.ts'

const IMAGE = /^(alpine-)?(redis|valkey|keydb)(-stack|-stack-server|-bundle|-alpine)?$/i
const PROGRAM = /(^|\/)(redis|valkey|keydb)-server$/
const DATA = /^\/(var\/lib\/(redis|valkey|keydb)|bitnami\/(redis|valkey|keydb)\/data)(\/|$)/
const TITLE = 'Redis'

/**
 * Redis, Valkey and KeyDB, found by image, by the program that the service starts, or by a volume at their data folder. The marker is one
 * key in database 0. It is only planted, and only asked back, where the server is set to keep its data: a volume at its folder, and save
 * points or an append-only file. Elsewhere Redis is a cache. Keys that expire count nowhere.
 */
export const redisServer: DatabaseServer = {
  kind: 'redis',
  title: TITLE,
  candidates: ({ model }) =>
    Object.entries(model.services).flatMap(([name, service]) => (looksLikeServer(service) ? [name] : [])),
  whyNot: (service, around) => unreadableReason(call(service, around.model, ['ping']), around),
  witness: redisWitness,
}

function looksLikeServer(service: ComposeService): boolean {
  const words = commandWords(service)
  if (words.some((word) => word === '--sentinel' || /-sentinel$/.test(word))) return false
  return (
    IMAGE.test(imageName(service)) ||
    words.some((word) => PROGRAM.test(word)) ||
    (service.volumes ?? []).some(({ target }) => DATA.test(target))
  )
}

function redisWitness(service: string, { plan }: WitnessContext): Witness {
  const subject = `redis:${service}`
  const value = randomId(24)
  let before: RedisState | undefined
  let pure: string | null = null
  let destroyed: string | undefined
  let between: RedisState | undefined
  // A running Redis has its data in memory and writes it over a restored file when it stops: files alone bring nothing back.
  const excluded = !plan.capable
    ? plan.reason
    : hasRestoreHook(service, plan)
      ? null
      : `no restore hook on ${service} makes the server load what was restored`
  const look = async (around: WitnessContext) =>
    parseState(await queryServer(call(service, around.model, ['look']), around))
  const act = (around: WitnessContext, ...action: string[]) => queryServer(call(service, around.model, action), around)
  const inWords = ({ marker }: RedisState) =>
    marker === null ? 'no planted key' : marker === value ? 'planted key' : 'another planted key'
  return {
    subject,
    kind: 'redis',
    excluded,
    async plant(around) {
      before = await look(around)
      pure = whyCache(service, before, around.model)
      if (pure === null) await act(around, 'plant', value)
    },
    async flush(around) {
      if (!before || pure !== null) return
      const said = (await act(around, 'save')).trim()
      if (said === 'OK') return
      await act(around, 'drop')
      pure = `it may lose its last writes when it is killed, and does not save when it is asked to: ${said}`
    },
    async compare(around): Promise<WitnessRow> {
      const now = await look(around)
      const was = before ?? now
      const row = {
        subject,
        kind: 'redis' as const,
        before: `${pure === null ? 'planted key; ' : ''}${describe(was)}`,
        ...(destroyed === undefined ? {} : { destroyed }),
        after: `${pure === null ? `${inWords(now)}; ` : ''}${describe(now)}`,
      }
      const keys = compareKeys(was, now)
      if (pure !== null) return { ...row, result: 'excluded', summary: `${pure}; ${keys}` }
      if (now.marker === value) return { ...row, ...restored({ was, between, now }) }
      if (now.marker === null && destroyed === undefined && flushed(was, now))
        return { ...row, result: 'changed', summary: `emptied by a client (FLUSHDB or FLUSHALL), not lost; ${keys}` }
      return { ...row, result: 'lost', summary: `the planted key is missing; ${keys}` }
    },
    note: async () => undefined,
    async afterLoss(around) {
      if (!before) return
      between = await look(around)
      if (between.marker === value && excluded === null && pure === null) {
        await act(around, 'drop')
        between = { ...between, marker: null }
      }
      destroyed = `${pure === null ? `${inWords(between)}; ` : ''}${describe(between)}`
    },
    async destroy(around) {
      if (!before || pure !== null) return
      await act(around, 'drop')
      destroyed = inWords(await look(around))
    },
    async remove(around) {
      if (!before) return
      if (pure === null) await act(around, 'drop')
      before = undefined
    },
  }
}

/** Why nothing is asked back of this server, or null when it is set to keep its data. */
function whyCache(service: string, look: RedisState, stack: ResolvedStack): string | null {
  const { dir } = look
  const mount = (stack.model.services[service]?.volumes ?? []).find(
    ({ type, source, target }) =>
      type === 'volume' &&
      source &&
      dir !== null &&
      (dir === target || dir.startsWith(`${target.replace(/\/$/, '')}/`)),
  )
  if (dir === null) return 'a server that does not say whether it keeps its data (CONFIG is forbidden)'
  if (!mount) return `a cache: no volume at ${dir}`
  if (look.writes !== true) return 'a cache: neither save points nor an append-only file'
  if (look.evicts) return 'a cache: it may evict any key when memory is short'
  const labels = backupPlan(stack)
  const covered = labels.volumes.find(({ volume }) => volume === mount.source)?.covered
  return labels.capable && covered?.kind === 'none' ? `not worth keeping: ${covered.reason}` : null
}

function flushed(was: RedisState, now: RedisState): boolean {
  return now.flushes > (was.runId === now.runId ? was.flushes : 0)
}

interface Looks {
  readonly was: RedisState
  /** What was there while everything was destroyed. */
  readonly between: RedisState | undefined
  readonly now: RedisState
}

/** The planted key is there: are the app's own? Of a database that was destroyed at least one must be back, unless a client emptied it since. */
function restored({ was, between, now }: Looks): Pick<WitnessRow, 'result' | 'loss' | 'summary'> {
  const keys = compareKeys(was, now)
  const count = (look: RedisState, number: string) => total(look.keys.get(number) ?? null)
  const gone = [...was.keys.keys()].filter(
    (number) => between && count(was, number) > 0 && count(between, number) === 0 && count(now, number) === 0,
  )
  if (between && gone.length > 0 && !flushed(between, now)) {
    const what = gone.map((number) => `db${number} with ${count(was, number)} lasting keys`).join(', ')
    return { result: 'lost', loss: 'not-covered', summary: `${what} did not come back; ${keys}` }
  }
  return { result: keys === NONE || keys.startsWith(SAME) ? 'kept' : 'changed', summary: keys }
}

const SAME = 'as many lasting keys as before'
const NONE = 'it holds no lasting keys of the app'

function compareKeys(was: RedisState, now: RedisState): string {
  if ([...was.keys.values(), ...now.keys.values()].includes(null)) return 'its keys could not be counted'
  const [before, after] = [lasting(was), lasting(now)]
  if (describe(was) === describe(now)) return before === 0 ? NONE : `${SAME}: ${describe(now)}`
  return `${before} lasting keys before, ${after} after`
}

function lasting({ keys }: RedisState): number {
  return [...keys.values()].reduce((sum, types) => sum + total(types), 0)
}

function total(types: ReadonlyMap<string, number> | null): number {
  return [...(types ?? [])].reduce((sum, [type, count]) => sum + (type === 'cut' ? 0 : count), 0)
}

/** `db0: 12 lasting keys (3 hash, 9 string)`. */
function describe({ keys }: RedisState): string {
  const databases = [...keys].sort(([a], [b]) => Number(a) - Number(b)).filter(([, types]) => total(types) > 0)
  if (databases.length === 0) return 'no lasting keys'
  return databases
    .map(([number, types]) => {
      const parts = [...(types ?? [])].filter(([type]) => type !== 'cut').sort(([a], [b]) => (a < b ? -1 : 1))
      const more = types?.has('cut') ? 'at least ' : ''
      return `db${number}: ${more}${total(types)} lasting keys (${parts.map(([type, count]) => `${count} ${type}`).join(', ')})`
    })
    .join('; ')
}

/** What the command line says about port and password. Words of a recipe are looked at, never run. */
function call(service: string, { model }: ResolvedStack, action: readonly string[]): ClientCall {
  const words = commandWords(model.services[service] ?? {})
  const password = after(words, '--requirepass') ?? ''
  const file = /^["']?\$\$?\(\s*(?:cat|<)\s*["']?(\/[\w./-]+)["']?\s*\)["']?$/.exec(password)?.[1] ?? ''
  const variable = /^["']?\$\$?\{?(\w+)\}?["']?$/.exec(password)?.[1] ?? ''
  const conf = words.find((word) => /^\/[\w./-]+\.conf$/.test(word)) ?? ''
  const port = after(words, '--port') ?? ''
  const literal = file || variable ? '' : password.replace(/^(["'])(.*)\1$/, '$2')
  const args = [/^[1-9]\d{0,4}$/.test(port) ? port : '6379', file, variable, conf, ...action]
  return { title: TITLE, service, script: REDIS, args, stdin: literal }
}

function after(words: readonly string[], flag: string): string | undefined {
  const at = words.indexOf(flag)
  return at === -1 ? words.find((word) => word.startsWith(`${flag}=`))?.slice(flag.length + 1) : words[at + 1]
}

/** The words of entrypoint and command, also those of a script that `sh -c` gets. `$(...)` and a quoted word stay one word. */
function commandWords({ entrypoint, command }: ComposeService): string[] {
  const given = [entrypoint, command].flatMap((one) =>
    Array.isArray(one) ? one : typeof one === 'string' ? [one] : [],
  )
  return given.flatMap((text) => wordsOf(String(text))).flatMap((word) => wordsOf(script(word)))
}

function wordsOf(text: string): string[] {
  return text.match(/"(?:[^"\\]|\\.)*"|'[^']*'|\$\$?\([^)]*\)|[^\s"']+|\S/g) ?? []
}

/** A quoted word that is several words is a script. */
function script(word: string): string {
  return /^(["']).*\s--?\w.*\1$/s.test(word) ? word.slice(1, -1) : word
}
