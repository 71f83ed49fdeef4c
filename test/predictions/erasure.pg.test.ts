import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { normalizeProject } from '../../src/config/normalize.ts'
import { ASKED, bytesWith, counted, erase, openRig } from '../erasure/rig.ts'
import { AT, answer, projectOf } from './rig.ts'

let rig: Awaited<ReturnType<typeof openRig>>
beforeAll(async () => {
  rig = await openRig()
})
afterAll(() => rig.close())

const SECRET = 'person-4711-xyz'
const of = (key: string, change = {}) => answer({ keys: [key], ...change })
const upsell = { model: 'upsell', values: [1], statuses: ['PRESENT'], featureTimes: [null] }
const seat = (hall: string, number: number) => answer({ ...upsell, model: 'seat', keys: [hall, number] })

/** Persons, and houses whose values come from the rows of persons. */
const OF_HOUSES = normalizeProject(
  {
    name: 'houses',
    sources: {
      people: { key: 'id', columns: { id: 'String', house: 'String', n: 'Int64' } },
      labels: { key: ['id', 'house'], columns: { id: 'String', house: 'String', y: 'Bool' } },
    },
    entities: { person: { joinKeys: { id: 'String' } }, home: { joinKeys: { house: 'String' } } },
    featureViews: {
      people: { entity: 'person', source: 'people', features: { n: 'Int64' } },
      homes: { entity: 'home', source: 'people', features: { of_home: { type: 'Int64', column: 'n' } } },
    },
    featureServices: { both: ['people', 'homes'] },
    labels: { y: { entity: 'person', source: 'labels', column: 'y', horizon: '10d' } },
    models: { both: { experiment: 'e', features: 'both', label: 'y', learner: { kind: 'random_forest' } } },
  },
  '/',
)

describe('answers for somebody who is taken out', () => {
  it('go from the log of every model and month, others stay, and the room asked again finds nothing', async () => {
    const rooms = rig.roomsOf(projectOf())
    const { predictions, erasure } = rooms
    predictions.append([
      ...Array.from({ length: 5_000 }, (_, i) => of(`u${i}`, { atMs: AT + i })),
      of(SECRET),
      of(SECRET, { atMs: Date.UTC(2023, 3, 30, 23, 59), values: [null, SECRET, null, null, null] }),
      of(SECRET, { said: null, score: null, error: 'not_found' }),
      of(SECRET, upsell),
      of(SECRET.slice(0, -1)),
      seat(SECRET, 1),
    ])
    await predictions.flush()
    expect(counted(await erasure.find('user', SECRET))).toEqual({ answers: 4 })
    const report = await erase(erasure, 'user', SECRET)
    expect(report.places.filter(({ room }) => room === 'answers')).toEqual([
      { room: 'answers', where: 'prediction log of churn', count: 3 },
      { room: 'answers', where: 'prediction log of upsell', count: 1 },
    ])
    expect(report.pages.filter(({ table }) => table.startsWith('predictions.')).length).toBe(1)
    expect(report.pages.filter(({ fault }) => fault !== null)).toEqual([])
    expect(await erasure.find('user', SECRET)).toEqual([])
    expect(await predictions.erasure.tables()).toEqual([])
    const [churn] = await predictions.counts({ model: 'churn' })
    expect(churn?.answers).toBe(5_001)
    // Of the seat in a hall of that name nobody asked.
    expect(await predictions.counts({ model: 'seat' })).toMatchObject([{ answers: 1 }])
    const left = await bytesWith(rig, [`{${SECRET}}`, `"${SECRET}"`])
    expect(left.filter((where) => where.startsWith('predictions.'))).toEqual([])
  })

  it('do not come in from the memory of a server, nor later, until that is lifted', async () => {
    const { predictions, erasure } = rig.roomsOf(projectOf())
    const key = 'in-memory'
    predictions.append([of(key), of('beside')])
    const id = await erasure.request({ entity: 'user', key, ...ASKED })
    predictions.append([of(key, upsell)])
    await erasure.run(id, (_, body) => body())
    predictions.append([of(key)])
    await predictions.flush()
    expect(await erasure.find('user', key)).toEqual([])
    expect((await predictions.page({ key: ['beside'] }, { limit: 9 })).answers).toHaveLength(1)
    await erasure.lift({ entity: 'user', key, ...ASKED })
    predictions.append([of(key)])
    await predictions.flush()
    expect(counted(await erasure.find('user', key))).toEqual({ answers: 1 })
  })

  it('are found by composite keys, all parts of them', async () => {
    const { predictions, erasure } = rig.roomsOf(projectOf())
    predictions.append([seat('B', 1), seat('B', 2), seat('C', 1), of('B')])
    await predictions.flush()
    expect(counted(await erasure.find('seat', { hall: 'B', seat: 1 }))).toEqual({ answers: 1 })
    await erase(erasure, 'seat', { hall: 'B', seat: 1 })
    predictions.append([seat('B', 1)])
    await predictions.flush()
    const { answers } = await predictions.page({ model: 'seat', from: '2024-02-01T00:00:00.000000Z' }, { limit: 9 })
    expect(answers.map(({ keys }) => keys).filter(([hall]) => hall !== SECRET)).toEqual([
      ['C', 1],
      ['B', 2],
    ])
    expect(counted(await erasure.find('user', 'B'))).toEqual({ answers: 1 })
  })

  it('go as part of a longer key too, and where features of other keys came from its rows', async () => {
    const { predictions, erasure, ...rooms } = rig.roomsOf(OF_HOUSES)
    await rig.deliver(rooms, 'people', '2024-01-31', [
      { id: 'p1', house: 'h1', n: 1 },
      { id: 'p2', house: 'h2', n: 2 },
    ])
    const both = (id: string, house: string) =>
      answer({ model: 'both', keys: [id, house], values: [1, 2], statuses: [], featureTimes: [] })
    predictions.append([both('p1', 'h1'), both('p1', 'h2'), both('p2', 'h1'), both('p2', 'h2')])
    await predictions.flush()
    expect(counted(await erasure.find('person', 'p1'))).toMatchObject({ answers: 2 })
    await erase(erasure, 'person', 'p1')
    const { answers } = await predictions.page({ model: 'both' }, { limit: 9 })
    expect(answers.map(({ keys }) => keys)).toEqual([['p2', 'h2']])
  })
})
