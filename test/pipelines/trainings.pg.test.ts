import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { MODEL, openServerRig } from '../serving/rig.ts'

let rig: Awaited<ReturnType<typeof openServerRig>>
beforeAll(async () => {
  rig = await openServerRig({ trees: 3 })
  await rig.app.ingestMonth({ dir: join(rig.months, 'month_000'), asOf: '2024-01-31' })
})
afterAll(() => rig.close())

describe('POST /trainings', () => {
  test('says what can be trained, and takes nothing that cannot be right', async () => {
    const { body } = await rig.get('/trainings')
    expect(body).toMatchObject({ worker: false, models: [{ name: MODEL, moments: ['2024-01-31'] }], recent: [] })
    const refused = async (wish: object) => {
      const { status, body: problem } = await rig.post('/trainings', wish)
      return [status, problem.detail]
    }
    expect(await refused({ model: 'nobody', as_of: '2024-01-31' })).toEqual([404, expect.stringContaining("'nobody'")])
    expect(await refused({ model: MODEL, as_of: 'soon' })).toEqual([400, expect.stringContaining("as_of: 'soon'")])
    expect(await refused({ model: MODEL, as_of: '2024-01-31', from: '2024-02-29' })).toEqual([
      400,
      'from 2024-02-29 is after as_of 2024-01-31',
    ])
    expect((await rig.get('/trainings')).body.recent).toEqual([])
    expect((await rig.get('/trainings/nothing')).status).toBe(404)
  })

  test('waits where no worker lives, and says so; a worker does it, and its run and version are told', async () => {
    const wish = { model: MODEL, as_of: '2024-01-31' }
    const started = await rig.post('/trainings', wish)
    expect([started.status, started.body.worker]).toEqual([202, false])
    const id = String(started.body.id)
    expect((await rig.post('/trainings', wish)).body.id, 'the same wish again').toBe(id)
    expect((await rig.get(`/trainings/${id}`)).body).toMatchObject({ state: 'waiting', model: MODEL, result: null })
    // Without a worker whoever waits does it.
    await rig.app.flows.wait(id)
    const { body } = await rig.get(`/trainings/${id}`)
    expect(body).toMatchObject({
      state: 'succeeded',
      worker: false,
      result: { model: MODEL, version: 1, reused: false },
    })
    const { run, experiment } = body.result as { run: string; experiment: string }
    expect((await rig.get(`/runs/${run}`)).body).toMatchObject({
      run: { status: 'FINISHED', experiment: { id: experiment } },
    })
    const rows = await rig.app.db.query(
      "select on_name as id, model from identity.audit where action = 'flow.started' and model is not null",
    )
    expect(rows[0]).toEqual({ id, model: MODEL })
    const all = await rig.app.db.query('select to_value as to from identity.audit where on_name = $1', [id])
    expect(all, 'once').toEqual([{ to: { flow: 'train_baseline', as_of: '2024-01-31' } }])
  })
})
