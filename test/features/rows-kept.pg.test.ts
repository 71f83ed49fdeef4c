import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseInstant } from '../../src/base/instant.ts'
import { literal } from '../../src/features/define/quote.ts'
import type { DatasetRef } from '../../src/features/offline/training-set.ts'
import { deliverRides, ridesProject } from './rides.ts'
import { openRig, type Rig } from './rig.ts'

const COUNT = 100_000
const AT = parseInstant('2024-01-31')

describe('rows in = rows out, with a view on demand', () => {
  const project = ridesProject()
  let rig: Rig
  beforeAll(async () => {
    rig = await openRig()
    rig.clock.set(Date.UTC(2024, 2, 15))
    await deliverRides(rig, project, COUNT)
  })
  afterAll(() => rig.close())

  test('B1: 100,000 labelled rows give 100,000 rows, each with its own values on demand, for two models', async () => {
    const features = rig.features(project)
    for (const model of ['late_ride', 'tipped_ride']) {
      const ref = await features.trainingSet({ model, ...(await request()) })
      const prefix = model === 'late_ride' ? 'worked_out__' : ''
      expect(ref.rows).toBe(COUNT)
      const [found] = await rig.duck.rows(
        `SELECT count(*) AS "rows", count(DISTINCT person) AS people,
           count(*) FILTER (WHERE "${prefix}next_age" IS DISTINCT FROM
             CASE WHEN person % 10 = 9 THEN NULL ELSE 19 + person % 60 END) AS wrong,
           count("${prefix}per_year") AS computed FROM ${await fileOf(ref)}`,
      )
      expect(found).toEqual({ rows: COUNT, people: COUNT, wrong: 0, computed: 77_142 })
      expect((await features.readTrainingSet(ref)).rows).toBe(COUNT)
    }
  })

  test('B1: 100,000 entity rows of a caller come back in their order, with every column that they came with', async () => {
    const file = join(rig.dir, '.scratch', 'mine.parquet')
    const mine = `SELECT (i * 37) % ${COUNT} AS person, i AS "my row", TIMESTAMPTZ '2024-02-01' AS event_timestamp,
      'note ' || i AS note FROM range(${COUNT}) t(i)`
    await rig.duck.run(`COPY (${mine}) TO ${literal(file)} (FORMAT parquet)`)
    const features = rig.features(project)
    const ref = await features.entityDataset(features.service('full'), {
      file,
      knownAt: await rig.lake.pinKnownAt(),
      mode: 'restated',
    })
    const [found] = await rig.duck.rows(
      `SELECT count(*) AS "rows", count(*) FILTER (WHERE "my row" <> file_row_number) AS moved,
         count(*) FILTER (WHERE note <> 'note ' || file_row_number OR person <> (file_row_number * 37) % ${COUNT}) AS mixed,
         count(*) FILTER (WHERE worked_out__next_age IS DISTINCT FROM profile__age + 1) AS wrong
       FROM read_parquet(${literal(await rig.objects.local(ref.objectKey))}, file_row_number = true)`,
    )
    expect(found).toEqual({ rows: COUNT, moved: 0, mixed: 0, wrong: 0 })
  })

  test('a training set that was recorded with other rows than its file has is refused with both numbers', async () => {
    const features = rig.features(project)
    const ref = await features.trainingSet({ model: 'late_ride', ...(await request()) })
    await expect(features.readTrainingSet({ ...ref, rows: COUNT + 1 })).rejects.toMatchObject({
      code: 'corrupt',
      message: expect.stringMatching(/training set → frame: 100001 rows went in and 100000 came out/),
    })
  })

  test('a join that gives other rows than it was given is refused, and keeps no dataset', async () => {
    // A catalogue that promises each key once, for a file that has one twice: the join would double its rows.
    const people = project.sources.find((s) => s.name === 'people')
    const twice = `SELECT 1::BIGINT AS person, 20::BIGINT AS age, 'Lyon' AS city, 1.0::DOUBLE AS score, true AS member FROM range(2)`
    await rig.deliver(people!, '2024-02-29', twice)
    const { list } = rig.lake
    rig.lake.list = async (where) => (await list(where)).map((s) => ({ ...s, uniqueKey: ['person'] }))
    const features = rig.features(project)
    const rows = [{ person: 1, event_timestamp: '2024-03-01T00:00:00Z' }]
    const before = await datasets()
    for (const refs of [['profile:age'], ['worked_out:next_age']]) {
      const asked = features.entityDataset(features.serviceOf(refs), {
        file: rows,
        knownAt: await rig.lake.pinKnownAt(),
        mode: 'restated',
      })
      await expect(asked).rejects.toMatchObject({
        code: 'corrupt',
        message: expect.stringMatching(/1 rows went in and 2 came out. Nothing of it was kept/),
      })
    }
    rig.lake.list = list
    expect(await datasets()).toEqual(before)
  })

  const request = async () => ({ asOf: AT, knownAt: await rig.lake.pinKnownAt(), mode: 'restated' }) as const

  async function fileOf(ref: DatasetRef): Promise<string> {
    return `read_parquet(${literal(await rig.objects.local(ref.objectKey))})`
  }

  async function datasets(): Promise<unknown> {
    return rig.duck.rows(`SELECT file FROM glob(${literal(join(rig.dir, 'datasets', '*'))}) ORDER BY 1`)
  }
})
