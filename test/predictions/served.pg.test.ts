import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseInstant } from '../../src/base/instant.ts'
import { firstUsers } from '../helpers/real-data.ts'
import { MODEL, openServerRig } from '../serving/rig.ts'

const user = (place: number) => firstUsers(rig.months, 3)[place]!
let rig: Awaited<ReturnType<typeof openServerRig>>
beforeAll(async () => {
  rig = await openServerRig({
    trees: 5,
    change: (project) => ({
      ...project,
      sources: [...project.sources, answersSource(project.sources[0]!)],
      models: project.models.map((model) => ({
        ...model,
        serving: { ...model.serving, log: { enabled: true, durable: true, keepMonths: 13 } },
      })),
    }),
  })
  const sources = rig.app.project.sources.map(({ name }) => name).filter((name) => name !== 'answers')
  await rig.app.ingestMonth({ dir: join(rig.months, 'month_000'), asOf: '2024-01-31', sources })
  await rig.app.features.materialize({ asOf: parseInstant('2024-01-31', 'as-of') })
  await rig.train()
  await rig.promote(1)
  await rig.until(({ status }) => status === 200)
})
afterAll(() => rig.close())

/** The source of changes that the answers are delivered to. */
function answersSource(
  like: Parameters<NonNullable<Parameters<typeof openServerRig>[0]>['change'] & {}>[0]['sources'][number],
) {
  const column = (name: string, type: 'String' | 'Int64' | 'Float64' | 'UnixTimestamp') => ({ name, type, checks: [] })
  return {
    ...like,
    name: 'answers',
    kind: 'changes' as const,
    file: 'answers.parquet',
    key: ['answer_id'],
    columns: [
      column('answer_id', 'Int64'),
      column('user_id', 'String'),
      column('answered_at', 'UnixTimestamp'),
      column('score', 'Float64'),
      column('version', 'String'),
      column('arm', 'String'),
    ],
    checks: [],
    eventTime: 'answered_at',
    availableAt: null,
    deleted: null,
    publishDelayMs: 0,
  }
}

type Row = { key: { user_id: string }; request_id: string; error: string | null; at: string }
const answersOf = (body: Record<string, unknown>) => body.answers as Row[]

describe('answers of a server', () => {
  it('are found by key, request, time and entity, with what they were made of', async () => {
    const given = await rig.predict({ user_id: '7590-VHVEG' })
    await rig.send('POST', '/predict/batch', JSON.stringify({ user_ids: [user(1), 'nobody', user(2)] }))
    const page = await rig.get(`/models/${MODEL}/predictions?key=7590-VHVEG&limit=1`)
    expect(page.status).toBe(200)
    const [row] = answersOf(page.body)
    expect(row).toMatchObject({
      key: { user_id: '7590-VHVEG' },
      model: { name: MODEL, version: '1' },
      arm: 'champion',
      returned: true,
      probability: given.body.probability,
      score: given.body.probability,
      features: given.body.features_used,
      error: null,
    })
    expect(page.body.next_page_token).toEqual(expect.any(String))
    const older = await rig.get(`/models/${MODEL}/predictions?key=7590-VHVEG&page_token=${page.body.next_page_token}`)
    expect(answersOf(older.body)[0]!.at <= row!.at).toBe(true)
    const one = await rig.get(`/predictions/${encodeURIComponent(row!.request_id)}`)
    expect(answersOf(one.body)).toEqual([row])
    const refused = await rig.get(`/models/${MODEL}/predictions?refused=true`)
    expect(answersOf(refused.body)).toMatchObject([
      { key: { user_id: 'nobody' }, error: 'not_found', prediction: null },
    ])
    const batch = await rig.get(`/predictions/${encodeURIComponent(answersOf(refused.body)[0]!.request_id)}`)
    expect(answersOf(batch.body).map(({ key }) => key.user_id)).toEqual([user(1), 'nobody', user(2)])
    const ofEntity = await rig.get(`/entities/user/predictions?key=${user(1)}`)
    expect(answersOf(ofEntity.body)).toMatchObject([{ key: { user_id: user(1) } }])
  })

  it('refuses what names nothing, and says what to send', async () => {
    const path = `/models/${MODEL}/predictions`
    expect(await rig.get('/models/nope/predictions')).toMatchObject({ status: 404 })
    expect(await rig.get(`${path}?from=2024-02-01&to=2024-01-01`)).toMatchObject({ status: 400 })
    expect(await rig.get(`${path}?from=soon`)).toMatchObject({ status: 400 })
    expect(await rig.get(`${path}?page_token=x`)).toMatchObject({ status: 400 })
    expect(await rig.get(`${path}?arm=left`)).toMatchObject({ status: 400 })
    expect(await rig.get(`${path}?snapshot=users/1999-01-01/v1`)).toMatchObject({ status: 404 })
    expect(await rig.get('/predictions/none')).toMatchObject({ status: 404 })
    expect(await rig.get('/entities/nope/predictions?key=a')).toMatchObject({ status: 404 })
    expect(await rig.get(`${path}?version=99`)).toMatchObject({
      status: 200,
      body: { answers: [], next_page_token: null },
    })
  })

  it('are delivered to a source of changes, each once, and the same window again is unchanged', async () => {
    const { app } = rig
    const ask = { model: MODEL, source: 'answers' }
    await expect(
      app.deliverPredictions({ ...ask, from: null, to: '2999-01-01T00:00:00.000000Z' }),
    ).rejects.toMatchObject({ code: 'invalid_argument' })
    await expect(app.deliverPredictions({ ...ask, source: 'users', from: null, to: null })).rejects.toMatchObject({
      code: 'invalid_argument',
    })
    // Nothing of the last minute is taken: those of before are put back in time.
    const { answers } = await app.predictions.page({ model: MODEL, refused: false }, { limit: 1000 })
    await app.db.query(
      "update predictions.answer set recorded_at = recorded_at - interval '1 hour', at = at - interval '1 hour'",
    )
    const first = await app.deliverPredictions({ ...ask, from: null, to: null })
    expect(first).toMatchObject({ rows: answers.length, outcome: 'accepted' })
    const again = await app.deliverPredictions({ ...ask, from: first.from, to: first.to })
    expect(again).toMatchObject({ rows: answers.length, outcome: 'unchanged', snapshot: first.snapshot })
    const next = await app.deliverPredictions({ ...ask, from: null, to: first.to })
    expect(next).toMatchObject({ from: first.to, rows: 0, outcome: 'has nothing new' })
    const [snapshot] = await app.lake.history({ source: 'answers' })
    expect(snapshot).toMatchObject({ id: first.snapshot, rows: answers.length, validAt: first.to })
  })

  it('are told of by the snapshot that fed them', async () => {
    const { app } = rig
    await app.db.query(
      "update predictions.answer set recorded_at = recorded_at + interval '1 hour', at = at + interval '1 hour'",
    )
    const [snapshot] = await app.lake.history({ source: 'subscriptions' })
    const page = await rig.get(`/models/${MODEL}/predictions?snapshot=${encodeURIComponent(snapshot!.id)}&limit=1000`)
    expect(page.status).toBe(200)
    const { answers } = await app.predictions.page({ model: MODEL, refused: false }, { limit: 1000 })
    expect(answersOf(page.body).length).toBe(answers.length)
    const impact = await rig.get(`/snapshots/subscriptions/2024-01-31/v1/impact`)
    expect(impact.body.answers).toEqual([
      {
        model: MODEL,
        version: '1',
        arm: 'champion',
        answers: answers.length,
        first: expect.any(String),
        last: expect.any(String),
      },
    ])
    const lineage = await rig.get(`/lineage?of=${encodeURIComponent(snapshot!.id)}`)
    const nodes = lineage.body.nodes as { kind: string; name: string; rows: number | null }[]
    expect(nodes.find(({ kind }) => kind === 'answers')).toMatchObject({ name: `${MODEL}/1`, rows: answers.length })
  })
})
