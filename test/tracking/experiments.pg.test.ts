import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type MlflowRig, openMlflowRig, START_MS } from './rig.ts'

let rig: MlflowRig
beforeAll(async () => {
  rig = await openMlflowRig()
})
afterAll(() => rig.close())

describe('an experiment', () => {
  it('"Default" is there from the start', async () => {
    const { experiment } = await rig.getOk('experiments/get', { experiment_id: '0' })
    expect(experiment).toMatchObject({
      experiment_id: '0',
      name: 'Default',
      artifact_location: 'mlflow-artifacts:/0',
      lifecycle_stage: 'active',
    })
  })

  it('is created with its tags and read by id and by name', async () => {
    const tags = [{ key: 'mlflow.note.content', value: '<script>x</script>' }]
    const { experiment_id } = await rig.postOk('experiments/create', { name: 'größe "1" %_', tags })
    expect(experiment_id).toMatch(/^\d+$/)
    const expected = {
      experiment_id,
      name: 'größe "1" %_',
      artifact_location: `mlflow-artifacts:/${experiment_id}`,
      lifecycle_stage: 'active',
      creation_time: START_MS,
      last_update_time: START_MS,
      tags,
    }
    expect(await rig.getOk('experiments/get', { experiment_id })).toEqual({ experiment: expected })
    expect(await rig.getOk('experiments/get-by-name', { experiment_name: expected.name })).toEqual({
      experiment: expected,
    })
  })

  it('has a name that no other has or had', async () => {
    const id = await rig.newExperiment('taken')
    const again = () => rig.post('experiments/create', { name: 'taken' })
    expect(await again()).toMatchObject({ status: 400, json: { error_code: 'RESOURCE_ALREADY_EXISTS' } })
    await rig.postOk('experiments/delete', { experiment_id: id })
    expect(await again()).toMatchObject({ status: 400, json: { error_code: 'RESOURCE_ALREADY_EXISTS' } })
    const other = await rig.newExperiment('other')
    const renamed = await rig.post('experiments/update', { experiment_id: other, new_name: 'taken' })
    expect(renamed).toMatchObject({ status: 400, json: { error_code: 'RESOURCE_ALREADY_EXISTS' } })
  })

  it('is made once, however many make it', async () => {
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => rig.post('experiments/create', { name: 'raced' })),
    )
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(answers.filter(({ status }) => status === 400)).toHaveLength(7)
  })

  it.each([
    [400, {}, "Missing value for required parameter 'name'"],
    [400, { name: '' }, 'name'],
    [400, { name: 5 }, "Invalid value 5 for parameter 'name' supplied"],
    [400, { name: 'x'.repeat(501) }, 'maximum length of 500'],
    [400, { name: 'a\0b' }, 'NUL'],
    [400, { name: 'loc', artifact_location: 'file:///etc' }, 'artifact_location'],
    [400, { name: 'loc', artifact_location: 'mlflow-artifacts:/../x' }, 'Invalid path'],
    [400, { name: 'tag', tags: [{ key: '../a', value: '' }] }, 'tag'],
    [400, { name: 'tag', tags: 'x' }, "parameter 'tags'"],
  ])('is refused with %i: %j', async (status, body, message) => {
    const answer = await rig.post('experiments/create', body)
    expect(answer).toMatchObject({ status, json: { message: expect.stringContaining(message) } })
  })

  it('is renamed and tagged while it is active', async () => {
    const id = await rig.newExperiment('before')
    rig.clock.advance(1000)
    await rig.postOk('experiments/update', { experiment_id: id, new_name: 'after' })
    await rig.postOk('experiments/set-experiment-tag', { experiment_id: id, key: 'k', value: 'v' })
    const { experiment } = await rig.getOk('experiments/get', { experiment_id: id })
    expect(experiment).toMatchObject({ name: 'after', tags: [{ key: 'k', value: 'v' }] })
    expect(experiment.last_update_time).toBe(experiment.creation_time + 1000)
    await rig.postOk('experiments/delete-experiment-tag', { experiment_id: id, key: 'k' })
    expect((await rig.post('experiments/delete-experiment-tag', { experiment_id: id, key: 'k' })).status).toBe(404)
    await rig.postOk('experiments/delete', { experiment_id: id })
    for (const [path, body] of [
      ['experiments/set-experiment-tag', { key: 'k', value: 'v' }],
      ['experiments/update', { new_name: 'again' }],
      ['runs/create', {}],
    ] as const) {
      expect(await rig.post(path, { experiment_id: id, ...body }), path).toMatchObject({
        status: 400,
        json: { message: expect.stringContaining("must be in the 'active' state") },
      })
    }
  })

  it('takes its runs with it when it is deleted, and brings them back', async () => {
    const id = await rig.newExperiment('with runs')
    const run = await rig.newRun(id)
    const stage = async () => (await rig.getOk('runs/get', { run_id: run })).run.info.lifecycle_stage
    await rig.postOk('experiments/delete', { experiment_id: id })
    expect(await stage()).toBe('deleted')
    expect((await rig.getOk('experiments/get', { experiment_id: id })).experiment.lifecycle_stage).toBe('deleted')
    expect((await rig.post('experiments/delete', { experiment_id: id })).status).toBe(404)
    await rig.postOk('experiments/restore', { experiment_id: id })
    expect(await stage()).toBe('active')
    expect((await rig.post('experiments/restore', { experiment_id: id })).status).toBe(404)
  })

  it.each(['4711', 'x', '-1', '9'.repeat(30), '1.5'])('of the id %s is not found', async (experiment_id) => {
    expect(await rig.get('experiments/get', { experiment_id })).toMatchObject({
      status: 404,
      json: { error_code: 'RESOURCE_DOES_NOT_EXIST' },
    })
  })

  it('of an unknown name is not found, cleanly', async () => {
    expect(await rig.get('experiments/get-by-name', { experiment_name: 'nobody' })).toEqual({
      status: 404,
      json: { error_code: 'RESOURCE_DOES_NOT_EXIST', message: "Could not find experiment with name 'nobody'" },
    })
  })
})

describe('experiments are searched', () => {
  const names = async (body: object) => {
    const { experiments = [], next_page_token } = await rig.postOk('experiments/search', body)
    return { names: experiments.map((e: { name: string }) => e.name).join(), token: next_page_token }
  }

  it('by name, time and tags, in order, in pages, by GET too', async () => {
    for (const name of ['s_1', 's_2', 'S_3']) {
      rig.clock.advance(1)
      const id = await rig.newExperiment(name)
      await rig.postOk('experiments/set-experiment-tag', { experiment_id: id, key: 'no', value: name })
    }
    expect((await names({ filter: "name LIKE 's%'" })).names).toBe('s_2,s_1')
    expect(
      (await names({ filter: "attribute.name ILIKE 's_%'", order_by: ['name ASC'], max_results: 3 })).names,
    ).toMatch(/s_1,s_2/)
    expect((await names({ filter: "tags.no = 's_2'" })).names).toBe('s_2')
    expect((await names({ filter: `creation_time >= ${rig.clock.nowMs()} AND name != 'Default'` })).names).toBe('S_3')
    const first = await names({ filter: "tags.no ILIKE 's%'", max_results: 2 })
    expect(first).toEqual({ names: 'S_3,s_2', token: expect.any(String) })
    const query = { filter: "tags.no ILIKE 's%'", max_results: '2', page_token: first.token }
    expect((await rig.getOk('experiments/search', query)).experiments.map((e: { name: string }) => e.name)).toEqual([
      's_1',
    ])
  })

  it('by id, and by state', async () => {
    const id = await rig.newExperiment('deleted one')
    await rig.postOk('experiments/delete', { experiment_id: id })
    const filter = `experiment_id IN ('${id}')`
    expect((await names({ filter })).names).toBe('')
    expect((await names({ filter, view_type: 'DELETED_ONLY' })).names).toBe('deleted one')
    expect((await names({ filter, view_type: 3 })).names).toBe('deleted one')
    expect((await names({ order_by: ['experiment_id ASC'], max_results: 1 })).names).toBe('Default')
  })
})
