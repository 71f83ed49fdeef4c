import Fastify, { type FastifyInstance } from 'fastify'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { z } from 'zod'
import type { PlatformError } from '../../src/base/errors.ts'
import { parseInstant } from '../../src/base/instant.ts'
import { timeRoutes } from '../../src/features/time/routes.ts'
import { historyAnswer, keysAnswer } from '../../src/wire/entities.ts'
import {
  differencesAnswer,
  type MomentsAnswer,
  momentsAnswer,
  type RowsAnswer,
  rowsAnswer,
} from '../../src/wire/time.ts'
import { erase, openRig, PROJECT, type Rig } from '../erasure/rig.ts'
import { rowsOf } from './rig.ts'

/** A history that a person can follow: two versions of a state, changes with a tombstone, labels, and whoever is erased in the end. */
let rig: Rig
let rooms: ReturnType<Rig['roomsOf']>
let app: FastifyInstance
const known: Record<string, string> = {}

const day = (text: string) => rig.clock.set(Date.parse(parseInstant(text)))

beforeAll(async () => {
  rig = await openRig()
  rooms = rig.roomsOf(PROJECT)
  app = Fastify()
  app.setErrorHandler<PlatformError>((error, _request, reply) =>
    reply.status(error.code === 'not_found' ? 404 : 400).send({ code: error.code, message: error.message }),
  )
  await app.register(timeRoutes(rooms.features))
  const deliver = (source: string, asOf: string, rows: Record<string, unknown>[]) =>
    rig.deliver(rooms, source, asOf, rows)
  day('2024-05-06')
  await deliver('state', '2024-01-31', [
    { id: 'ann', n: 1, note: 'first' },
    { id: 'bob', n: 9007199254740993n, note: '<b>bold</b>' },
    { id: "o'neill", n: null, note: null },
  ])
  await deliver('events', '2024-03-01', [
    { who: 'ann', ts: '2024-02-01T00:00:00.000001Z', v: 5, gone: false },
    { who: 'ann', ts: '2024-02-10', v: 6, gone: false },
    { who: 'bob', ts: '2024-02-10', v: 7, gone: true },
    { who: 'bob', ts: '2024-02-01', v: 8, gone: false },
  ])
  await deliver('labels', '2024-01-31', [
    { id: 'ann', y: true },
    { id: 'bob', y: false },
  ])
  known.before = await rig.lake.pinKnownAt()
  day('2024-05-20')
  await deliver('state', '2024-01-31', [
    { id: 'ann', n: 2, note: 'first' },
    { id: 'bob', n: 9007199254740993n, note: '<b>bold</b>' },
    { id: 'cyn', n: 3, note: 'new' },
  ])
  known.corrected = await rig.lake.pinKnownAt()
  day('2024-06-01')
  await rig.lake.withdraw({
    ...{ source: 'state', validAt: parseInstant('2024-01-31'), version: 2 },
    ...{ actor: 'test', reason: 'wrong file', request: 'w' },
  })
  known.withdrawn = await rig.lake.pinKnownAt()
})
afterAll(async () => {
  await app.close()
  await rig.close()
})

/** The answer, which has no member that its shape hides. */
async function get<Shape extends z.ZodType>(shape: Shape, url: string): Promise<z.output<Shape>> {
  const { statusCode, body } = await app.inject({ url })
  expect(statusCode, body).toBe(200)
  const answer = JSON.parse(body)
  expect(shape.parse(answer)).toEqual(answer)
  return answer
}
const refused = async (url: string) => (await app.inject({ url })).json().message as string
const cells = ({ rows }: RowsAnswer) => rows.map((row) => row.values)
const at = (k: string) => `valid_at=2024-01-31&known_at=${known[k]}`

test('a correction and its withdrawal are seen from their own moment on, and the row names the version that it comes from', async () => {
  const rows = async (k: string) => get(rowsAnswer, `/time/sources/state/rows?${at(k)}`)
  const [before, corrected, withdrawn] = [await rows('before'), await rows('corrected'), await rows('withdrawn')]
  expect(cells(before)).toEqual([
    ['ann', 1, 'first'],
    ['bob', '9007199254740993', '<b>bold</b>'],
    ["o'neill", null, null],
  ])
  expect(cells(corrected).map((row) => row[0])).toEqual(['ann', 'bob', 'cyn'])
  expect(withdrawn.rows).toEqual(before.rows)
  expect(corrected.rows[0]).toMatchObject({
    snapshot: 'state/2024-01-31/v2',
    event_time: '2024-01-31T00:00:00.000000Z',
    status: 'PRESENT',
  })
  const [read] = corrected.reads
  // Known now, not then: it was taken back later.
  expect(read?.snapshot).toMatchObject({ version: 2, withdrawn_at: '2024-06-01T00:00:00.000000Z', redacted: false })
  expect(before.command).toBe(
    `npx weir at state --of sources --valid-at 2024-01-31 --known-at ${known.before!.replace(/\.?0*Z$/, 'Z')}`,
  )
})

test('the difference names rows and cells that differ; an Int64 keeps its digits', async () => {
  const url = `/time/feature-views/state/differences?${at('before')}&other_known_at=${known.corrected}`
  const found = await get(differencesAnswer, url)
  expect(found.counts).toEqual({
    ...{ added: 1, removed: 1, changed: 1, same: 1, cells: 1 },
    by_column: [{ name: 'n', cells: 1 }],
  })
  expect(found.rows.map((row) => [row.difference, row.changed, row.a?.values, row.b?.values])).toEqual([
    ['changed', ['n'], ['ann', 1, 'first'], ['ann', 2, 'first']],
    ['added', [], undefined, ['cyn', 3, 'new']],
    ['removed', [], ["o'neill", null, null], undefined],
  ])
  expect(found.rows[0]?.b?.snapshot).toBe('state/2024-01-31/v2')
  expect(found.command).toContain('--other-known-at')
})

test('an entity has every feature with its status, its moment and its snapshot; a tombstone says so', async () => {
  const look = async (key: string, valid: string, k = 'before') => {
    const url = `/time/entities/user/rows?key=${encodeURIComponent(key)}&valid_at=${valid}&known_at=${known[k]}`
    const { rows } = await get(rowsAnswer, url)
    return rows.map((row) => [row.values[1], row.values[3], row.status, row.event_time])
  }
  const [january, tenth, first] = ['2024-01-31', '2024-02-10', '2024-02-01'].map((text) => parseInstant(text))
  expect(await look('bob', '2024-02-10')).toEqual([
    ['n', '9007199254740993', 'PRESENT', january],
    ['note', '<b>bold</b>', 'PRESENT', january],
    ['v', null, 'DELETED', tenth],
  ])
  expect((await look('bob', '2024-02-09')).at(-1)).toEqual(['v', 8, 'PRESENT', first])
  // A microsecond before its first event nothing is known of it.
  expect((await look('ann', '2024-02-01T00:00:00Z')).at(-1)).toEqual(['v', null, 'NOT_FOUND', null])
  expect((await look('ann', '2024-02-01T00:00:00.000001Z')).at(-1)).toMatchObject([
    'v',
    5,
    'PRESENT',
    '2024-02-01T00:00:00.000001Z',
  ])
  expect(await look("o'neill", '2024-02-10')).toEqual([
    ['n', null, 'NULL_VALUE', january],
    ['note', null, 'NULL_VALUE', january],
    ['v', null, 'NOT_FOUND', null],
  ])
  expect((await look('nobody', '2024-02-10')).map((row) => row[2])).toEqual(['NOT_FOUND', 'NOT_FOUND', 'NOT_FOUND'])
  const differ = await get(
    differencesAnswer,
    `/time/entities/user/differences?key=ann&${at('before')}&other_known_at=${known.corrected}`,
  )
  expect(differ.rows.map((row) => [row.a?.values, row.b?.values])).toEqual([
    [
      ['state', 'n', 'Int64', 1],
      ['state', 'n', 'Int64', 2],
    ],
  ])
})

test('a training set has the rows of weir dataset, and says why there is none before its labels are mature', async () => {
  const asked = {
    model: 'churn',
    asOf: parseInstant('2024-02-11'),
    knownAt: known.corrected!,
    mode: 'restated' as const,
  }
  const built = await rowsOf(rig, await rooms.features.trainingSet(asked))
  const url = `/time/models/churn/rows?valid_at=2024-02-11&known_at=${known.corrected}`
  const answer = await get(rowsAnswer, url)
  const names = answer.columns.map((c) => c.name)
  expect(cells(answer)).toEqual(
    built.map((row) =>
      names.map((name) =>
        name === 'event_timestamp'
          ? parseInstant('2024-01-31')
          : typeof row[name] === 'bigint'
            ? String(row[name])
            : row[name],
      ),
    ),
  )
  expect(answer.rows[0]?.snapshot).toBe('labels/2024-01-31/v1')
  expect(answer.reads.map((read) => read.snapshot.id)).toContain('state/2024-01-31/v2')
  expect(answer.columns.find((c) => c.name === 'n')?.source).toBe('state')
  // Nothing is kept of a look: the one that was built is there, and no other.
  expect(await rig.db.query('select identity from features.training_set')).toHaveLength(1)
  const early = await get(rowsAnswer, `/time/models/churn/rows?valid_at=2024-02-09&known_at=${known.corrected}`)
  expect([early.row_count, early.note]).toEqual([0, expect.stringContaining('mature')])
  const differ = await get(differencesAnswer, `${url.replace('rows', 'differences')}&other_valid_at=2024-02-09`)
  expect(differ.counts).toMatchObject({ removed: 2, same: 0 })
})

test('the stops are the moments of the history: states, changes, ends of a ttl, maturity, recordings and withdrawals', async () => {
  const state = await get(momentsAnswer, '/time/sources/state/moments')
  expect(state.valid).toEqual([{ at: parseInstant('2024-01-31'), kinds: ['state'], sources: ['state'] }])
  expect(state.known.map((stop) => [stop.kind, stop.snapshots])).toEqual([
    ['recorded', ['state/2024-01-31/v1']],
    ['recorded', ['state/2024-01-31/v2']],
    ['withdrawn', ['state/2024-01-31/v2']],
  ])
  expect(state.snapshots.map((s) => [s.version, s.withdrawn_at !== null])).toEqual([
    [1, false],
    [2, true],
  ])
  const days = ({ valid }: MomentsAnswer) => valid.map((stop) => `${stop.at.slice(0, 10)} ${stop.kinds}`)
  expect(days(await get(momentsAnswer, '/time/feature-views/events/moments'))).toEqual([
    '2024-02-01 change',
    '2024-02-01 change',
    '2024-02-10 change',
  ])
  expect(days(await get(momentsAnswer, '/time/models/churn/moments'))).toEqual(['2024-02-10 mature'])
})

test('without moments the newest state is meant, and the answer names it', async () => {
  const newest = await get(rowsAnswer, '/time/feature-views/state/rows')
  expect(newest.valid_at).toBe(parseInstant('2024-01-31'))
  expect(newest.known_at >= known.withdrawn!).toBe(true)
})

test('keys are found by how they begin, in order, so many and no more; who is deleted is not named', async () => {
  const keys = async (query: string) => get(keysAnswer, `/entities/user/keys${query}`)
  expect((await keys('')).keys.map((key) => key.text)).toEqual(['ann', 'bob', "o'neill"])
  expect(await keys('?prefix=o%27')).toMatchObject({
    keys: [{ text: "o'neill", parts: { id: "o'neill" } }],
    more: false,
  })
  expect(await keys('?limit=2')).toMatchObject({ keys: [{ text: 'ann' }, { text: 'bob' }], more: true })
  expect((await keys('?prefix=%25')).keys).toEqual([])
  expect((await get(keysAnswer, '/entities/order/keys')).keys).toEqual([])
})

test('the history of an entity has every version, also those that were corrected or withdrawn, page by page', async () => {
  const whole = await get(historyAnswer, '/entities/user/history?key=ann')
  expect(whole.facts.map((fact) => [fact.snapshot, fact.withdrawn_at !== null, fact.deleted, fact.values])).toEqual([
    ['state/2024-01-31/v2', true, false, [2, 'first']],
    ['events/2024-03-01/v1', false, false, [6]],
    ['events/2024-03-01/v1', false, false, [5]],
    ['state/2024-01-31/v1', false, false, [1, 'first']],
  ])
  const paged = []
  for (let token: string | null = ''; token !== null; ) {
    const page: z.output<typeof historyAnswer> = await get(
      historyAnswer,
      `/entities/user/history?key=ann&limit=1${token}`,
    )
    paged.push(...page.facts)
    token = page.next_page_token && `&page_token=${page.next_page_token}`
  }
  expect(paged).toEqual(whole.facts)
})

test('what cannot be asked is refused with what to do', async () => {
  expect(await refused('/time/sources/stat/rows')).toContain(
    "there is no source 'stat' in the project; did you mean 'state'?",
  )
  expect(await refused('/time/sources/state/rows?valid_at=soon')).toContain("valid_at: 'soon' is not a date")
  expect(await refused('/time/sources/state/rows?valid_at=2999-01-01')).toContain('is in the future')
  expect(await refused('/time/sources/state/rows?known_at=2999-01-01')).toContain('is in the future')
  expect(await refused('/time/sources/state/rows?page_token=2')).toContain('send valid_at and known_at along')
  expect(await refused('/time/sources/state/rows?limit=0')).toContain('a whole number from 1 to')
  expect(await refused('/time/entities/user/rows')).toContain('name the user whose values are meant: its key (id)')
  expect(await refused('/time/entities/order/rows?key=many')).toContain("'order_id'")
  expect(await refused('/entities/user/keys?limit=1000')).toContain('from 1 to 100')
})

test('what shows values of people is kept in no cache on the way', async () => {
  const urls = [`/time/sources/state/rows?${at('before')}`, '/entities/user/keys', '/entities/user/history?key=ann']
  for (const url of urls) expect((await app.inject({ url })).headers['cache-control'], url).toBe('no-store')
})

test('whoever is erased is in no past any more: no setting, no difference, no history, no key', async () => {
  await erase(rooms.erasure, 'user', 'ann')
  const urls = [
    ...['before', 'corrected', 'withdrawn'].map((k) => `/time/sources/state/rows?${at(k)}`),
    `/time/sources/events/rows?valid_at=2024-03-01&known_at=${known.before}`,
    `/time/models/churn/rows?valid_at=2024-02-11&known_at=${known.corrected}`,
    `/time/sources/state/differences?${at('before')}&other_known_at=${known.corrected}`,
    '/entities/user/keys',
  ]
  for (const url of urls) expect((await app.inject({ url })).body, url).not.toContain('ann')
  const history = await get(historyAnswer, '/entities/user/history?key=ann')
  expect(history.facts).toEqual([])
  const rows = await get(rowsAnswer, `/time/sources/state/rows?${at('before')}`)
  expect(rows.reads[0]?.snapshot.redacted).toBe(true)
})

test('pages and differences of 70,000 rows are bounded, and lose none', async () => {
  const source = PROJECT.sources.find((s) => s.name === 'orders')!
  const rows = (shift: number) =>
    `SELECT i::BIGINT AS order_id, 'u' || i AS id, (i + CASE WHEN i % 7 = 0 THEN ${shift} ELSE 0 END)::BIGINT AS amount FROM range(70000) t(i)`
  await rig.deliverSelect(source, '2024-02-01', rows(0))
  await rig.deliverSelect(source, '2024-03-01', rows(1))
  const seen: unknown[] = []
  const first = await get(rowsAnswer, '/time/feature-views/orders/rows?limit=1000&valid_at=2024-02-15')
  expect([first.row_count, first.rows.length, first.next_page_token]).toEqual([70_000, 1000, '1000'])
  const more = `valid_at=2024-02-15&known_at=${first.known_at}&limit=1000`
  for (const token of [1000, 65_000, 69_000]) {
    const page = await get(rowsAnswer, `/time/feature-views/orders/rows?${more}&page_token=${token}`)
    seen.push([page.rows[0]?.values[0], page.rows.length, page.next_page_token])
  }
  expect(seen).toEqual([
    [1000, 1000, '2000'],
    [65_000, 1000, '66000'],
    [69_000, 1000, null],
  ])
  const differ = await get(
    differencesAnswer,
    `/time/feature-views/orders/differences?${more}&other_valid_at=2024-03-01`,
  )
  expect(differ.counts).toMatchObject({ changed: 10_000, same: 60_000, added: 0, removed: 0, cells: 10_000 })
  expect(differ.rows).toHaveLength(1000)
})
