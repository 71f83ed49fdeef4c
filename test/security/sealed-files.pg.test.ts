import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type MlflowRig, openMlflowRig } from '../tracking/rig.ts'

let rig: MlflowRig
beforeAll(async () => {
  rig = await openMlflowRig()
})
afterAll(() => rig.close())

const BASE = '/api/2.0/mlflow-artifacts'
const headers = { host: 'localhost' }

async function put(path: string, payload = 'bytes'): Promise<number> {
  return (await rig.server.app.inject({ method: 'PUT', url: `${BASE}/artifacts/${path}`, headers, payload })).statusCode
}

async function mpu(call: string, path: string, body: object) {
  const url = `${BASE}/mpu/${call}/${path}`
  return rig.server.app.inject({ method: 'POST', url, headers, payload: body })
}

/** Where the files of a version lie that was registered from `source`. */
async function locationOf(name: string): Promise<string> {
  return (await rig.registry.getVersion(name, 1)).location
}

/** A run with a folder of two files, registered as a version. */
async function registered(name: string) {
  const run_id = await rig.newRun()
  const path = `0/${run_id}/artifacts/model`
  await put(`${path}/model.weir`, 'the model')
  await put(`${path}/data/deep.txt`, 'more')
  await rig.postOk('registered-models/create', { name })
  const source = `runs:/${run_id}/model`
  await rig.postOk('model-versions/create', { name, source, run_id })
  return { run_id, path, source: await locationOf(name) }
}

describe('H5: the files of a registered version', () => {
  it('are not written, added to or deleted, one by one, in parts, or with the folder above', async () => {
    const { path, source, run_id } = await registered('kept')
    expect(await put(`${path}/model.weir`, 'another')).toBe(403)
    expect(await put(`${path}/new.txt`)).toBe(403)
    expect(await put(`${path}%2fnew.txt`)).toBe(403)
    expect(await put(`${path}/data/deep.txt`)).toBe(403)
    const refused = await rig.server.app.inject({
      method: 'PUT',
      url: `${BASE}/artifacts/${path}/x`,
      headers,
      payload: 'y',
    })
    expect(refused.json()).toMatchObject({
      error_code: 'PERMISSION_DENIED',
      message: expect.stringContaining('registered version'),
    })
    for (const below of [path, `${path}/model.weir`, `0/${run_id}/artifacts`, '0']) {
      const answer = await rig.server.app.inject({ method: 'DELETE', url: `${BASE}/artifacts/${below}`, headers })
      expect([below, answer.statusCode]).toEqual([below, 403])
    }
    expect((await mpu('create', path, { path: 'big', num_parts: 1 })).statusCode).toBe(403)
    expect((await rig.tracking.artifacts.read(source, 'model.weir')).toString()).toBe('the model')
    // Beside the folder everything is as ever.
    expect(await put(`0/${run_id}/artifacts/model-notes.txt`)).toBe(200)
    expect(await put(`0/${run_id}/artifacts/mode`)).toBe(200)
  })

  it('are those of an upload in parts that ends before the registration, and of none that ends after it', async () => {
    const run_id = await rig.newRun()
    const path = `0/${run_id}/artifacts/model`
    await put(`${path}/model.weir`)
    const { upload_id } = (await mpu('create', path, { path: 'late.bin', num_parts: 1 })).json()
    const url = `${BASE}/mpu/part/${path}/late.bin?upload_id=${upload_id}&part_number=1`
    const sent = await rig.server.app.inject({ method: 'PUT', url, headers, payload: 'late' })
    await rig.postOk('registered-models/create', { name: 'late' })
    await rig.postOk('model-versions/create', { name: 'late', source: `runs:/${run_id}/model`, run_id })
    const parts = [{ part_number: 1, etag: sent.headers.etag }]
    expect((await mpu('complete', path, { path: 'late.bin', upload_id, parts })).statusCode).toBe(403)
  })

  it('are not changed by a file that was on its way when the version was registered', async () => {
    const run_id = await rig.newRun()
    const path = `0/${run_id}/artifacts/model`
    await put(`${path}/model.weir`)
    await rig.postOk('registered-models/create', { name: 'race' })
    const slow = (async function* () {
      yield Buffer.from('first')
      await rig.postOk('model-versions/create', { name: 'race', source: `runs:/${run_id}/model`, run_id })
      yield Buffer.from('second')
    })()
    await expect(rig.tracking.artifacts.put(`${path}/model.weir`, slow)).rejects.toMatchObject({ code: 'forbidden' })
  })

  it.each([
    ['changed', (dir: string) => writeFile(join(dir, 'data/deep.txt'), 'mine'), /deep\.txt.*SHA-256/],
    ['added', (dir: string) => writeFile(join(dir, 'extra.txt'), 'mine'), /extra\.txt.*was not there/],
  ])('that were %s behind our back are found out when the version is loaded', async (what, change, says) => {
    const { path, source } = await registered(`found ${what}`)
    await change(join(rig.dir, 'artifacts', path))
    await expect(rig.tracking.artifacts.read(source, 'model.weir')).rejects.toMatchObject({ code: 'corrupt' })
    await expect(rig.tracking.artifacts.read(source, 'model.weir')).rejects.toThrow(says)
  })

  it('may be written again by the same bytes, as a step of ours that runs twice does', async () => {
    const { run_id } = await registered('twice')
    await rig.tracking.artifacts.putOfRun(run_id, 'model/model.weir', Buffer.from('the model'))
    await expect(rig.tracking.artifacts.putOfRun(run_id, 'model/model.weir', Buffer.from('x'))).rejects.toThrow(
      /registered/,
    )
  })

  it('are changed by an erasure alone, and are then what they should be; a run’s own folder is not sealed by reading it', async () => {
    const { run_id, path, source } = await registered('erased')
    await rig.tracking.artifacts.read(`mlflow-artifacts:/0/${run_id}/artifacts`, 'model/data/deep.txt')
    expect(await put(`0/${run_id}/artifacts/beside.txt`)).toBe(200)
    await rig.tracking.artifacts.replace(`${path}/data/deep.txt`, Buffer.from('nobody'))
    expect((await rig.tracking.artifacts.read(source, 'data/deep.txt')).toString()).toBe('nobody')
  })

  it('are sealed for a logged model too, and until the last version of them is deleted', async () => {
    const { model } = await rig.postOk('logged-models', { experiment_id: '0' })
    const path = `0/models/${model.info.model_id}/artifacts`
    await put(`${path}/MLmodel`)
    const source = `models:/${model.info.model_id}`
    for (const name of ['one', 'two']) {
      await rig.postOk('registered-models/create', { name })
      await rig.postOk('model-versions/create', { name, source })
    }
    expect(await put(`${path}/MLmodel`, 'x')).toBe(403)
    await rig.call('DELETE', 'model-versions/delete', { name: 'one', version: '1' })
    expect(await put(`${path}/MLmodel`, 'x')).toBe(403)
    await rig.call('DELETE', 'registered-models/delete', { name: 'two' })
    expect(await put(`${path}/MLmodel`, 'x')).toBe(200)
  })

  it('of a version that was registered before there were digests get them when it is first loaded', async () => {
    const { path, source } = await registered('older')
    await rig.db.query('update tracking.sealed_folder set digested_ms = null where path = $1', [path])
    await rig.db.query('delete from tracking.sealed_file where folder = $1', [path])
    expect(await put(`${path}/model.weir`, 'x')).toBe(403)
    await rig.tracking.artifacts.read(source, 'model.weir')
    await writeFile(join(rig.dir, 'artifacts', path, 'model.weir'), 'mine')
    await expect(rig.tracking.artifacts.read(source, 'model.weir')).rejects.toMatchObject({ code: 'corrupt' })
  })

  it('may come after the registration of a version that has none yet, and are sealed when it is first loaded', async () => {
    const run_id = await rig.newRun()
    await rig.postOk('registered-models/create', { name: 'later' })
    const body = { name: 'later', source: `runs:/${run_id}/model`, run_id }
    await rig.postOk('model-versions/create', body)
    const source = await locationOf('later')
    const path = `0/${run_id}/artifacts/model`
    expect(await put(`${path}/model.weir`, 'it')).toBe(200)
    expect((await rig.tracking.artifacts.readVersion(source, 'model.weir')).toString()).toBe('it')
    expect(await put(`${path}/model.weir`, 'x')).toBe(403)
  })

  it('are refused when there are too many to take their digests', async () => {
    const run_id = await rig.newRun()
    const folder = join(rig.dir, 'artifacts', '0', run_id, 'artifacts', 'many')
    await mkdir(folder, { recursive: true })
    await Promise.all(Array.from({ length: 1_001 }, (_, i) => writeFile(join(folder, String(i)), '')))
    await rig.postOk('registered-models/create', { name: 'many' })
    const answer = await rig.post('model-versions/create', { name: 'many', source: `runs:/${run_id}/many`, run_id })
    expect([answer.status, answer.json.message]).toEqual([400, expect.stringContaining('limit modelFiles')])
    expect(await put(`0/${run_id}/artifacts/many/x`)).toBe(200)
  })
})
