import { expect, test } from 'vitest'
import { backupPlan } from '../../src/backup/labels.ts'
import type { WitnessContext } from '../../src/backup/witness/contract.ts'
import { type DatabaseState, type SqlDialect, sqlWitness } from '../../src/backup/witness/sql-witness.ts'
import { CcCiError, InfraError } from '../../src/lib/errors.ts'
import type { ResolvedStack } from '../../src/recipe/model.ts'

const labels = { 'backupbot.backup': 'true', 'backupbot.restore.post-hook': 'load' }
const db = { image: 'mariadb:11', deploy: { labels } }
const model: ResolvedStack = {
  model: { services: { db }, networks: {}, volumes: {}, secrets: {}, configs: {} },
  ...{ files: [], findings: [], place: () => undefined },
}
const around = { model, plan: backupPlan(model) } as WitnessContext

/** A server with a database `shop` of the app's and another, `stats`, of three rows each. */
function server() {
  const state = { home: null as string | null, others: new Map<string, string>(), rows: 3, unreadable: false }
  const look = async (): Promise<DatabaseState> => {
    if (state.unreadable) throw new InfraError('data-unreadable', 'no such database')
    const table = { rows: state.rows, columns: ['id int'] }
    const tables = new Map(state.rows > 0 ? [['shop.orders', table] as const, ['stats.visits', table] as const] : [])
    return { fingerprint: { tables }, marker: state.home, others: new Map(state.others), hidden: [] }
  }
  const dialect: SqlDialect = {
    kind: 'mariadb',
    look,
    async plant(value) {
      state.home = value
      state.others.set('stats', value)
      return ['stats']
    },
    async drop() {
      state.home = null
      state.others.clear()
    },
  }
  return { state, witness: sqlWitness('db', dialect, around) }
}

test('a database that was made again is called that, and none of its rows is called kept', async () => {
  const { state, witness } = server()
  await witness.plant(around)
  Object.assign(state, { home: null, others: new Map() })
  expect(await witness.compare(around)).toMatchObject({
    result: 'lost',
    summary: 'the whole database is new: the planted row is missing, and the app made its 2 tables with 6 rows again',
  })
})

test('another database that did not survive is named', async () => {
  const { state, witness } = server()
  await witness.plant(around)
  state.others.clear()
  const row = await witness.compare(around)
  expect(row).toMatchObject({
    result: 'lost',
    summary: 'the database stats did not survive: the row planted there is missing',
  })
  expect(row.loss).toBeUndefined()
})

test('after a loss: what came back, what did not, and whether the restore did anything', async () => {
  const { state, witness } = server()
  await witness.plant(around)
  const [home, others] = [state.home, new Map(state.others)]
  Object.assign(state, { home: null, others: new Map(), rows: 0 })
  await witness.afterLoss(around)
  expect(await witness.compare(around)).toMatchObject({
    ...{ result: 'lost', loss: 'not-restored', destroyed: expect.stringMatching(/^no marker row; 0 tables/) },
    summary: expect.stringMatching(/^the planted row is missing; 2 tables, 0 of 6 destroyed rows back, 2 tables lost/),
  })
  Object.assign(state, { home, others: new Map(), rows: 3 })
  expect(await witness.compare(around)).toMatchObject({
    ...{ result: 'lost', loss: 'not-covered' },
    summary:
      'the database stats did not come back: the row planted there is missing; 2 tables, 6 of 6 destroyed rows back',
  })
  Object.assign(state, { home, others })
  const back = await witness.compare(around)
  expect(back).toMatchObject({ result: 'kept', summary: '2 tables, 6 of 6 destroyed rows back' })
  expect(back.loss).toBeUndefined()
})

test('a server that was spared although its labels promise it back loses its rows the small way', async () => {
  const { state, witness } = server()
  await witness.plant(around)
  await witness.afterLoss(around)
  expect(state).toMatchObject({ home: null, others: new Map() })
  expect(await witness.compare(around)).toMatchObject({ result: 'lost', loss: 'not-restored' })
})

test('a server that lacks the database of its client as new was destroyed; any other error is one', async () => {
  const { state, witness } = server()
  await witness.plant(around)
  const [home, others] = [state.home, new Map(state.others)]
  state.unreadable = true
  await witness.afterLoss(around)
  Object.assign(state, { home, others, unreadable: false })
  expect(await witness.compare(around)).toMatchObject({
    ...{ result: 'kept', destroyed: 'nothing that could be read' },
    summary: '2 tables, 6 of 6 destroyed rows back',
  })
  state.unreadable = true
  await expect(witness.compare(around)).rejects.toThrow(CcCiError)
})
