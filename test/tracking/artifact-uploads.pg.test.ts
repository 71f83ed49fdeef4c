import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Json, type MlflowRig, openMlflowRig } from './rig.ts'

const LIMIT = 1_000_000
let rig: MlflowRig
let url: string
beforeAll(async () => {
  rig = await openMlflowRig({ artifactBytesMax: LIMIT })
  url = `${await rig.server.listen()}/api/2.0/mlflow-artifacts`
})
afterAll(() => rig.close())

const post = async (path: string, body: unknown, headers: Record<string, string> = {}) => {
  const options = {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  }
  const answer = await fetch(`${url}/${path}`, options)
  return { status: answer.status, json: (await answer.json()) as Json }
}
const create = (path: string, parts: number) =>
  post(`mpu/create/${path}`, { path: '/home/me/file.bin', num_parts: parts })
const get = (path: string, headers = {}) => fetch(`${url}/artifacts/${path}`, { headers })
const missing = [404, 'RESOURCE_DOES_NOT_EXIST']
const bad = [400, 'INVALID_PARAMETER_VALUE']
const outcome = ({ status, json }: { status: number; json: Json }) => [status, json.error_code]

describe('an artifact in parts', () => {
  it('goes to the addresses that it was given, and is there when it is complete', async () => {
    const made = await create('7/r/artifacts', 3)
    expect(made.json.credentials).toHaveLength(3)
    const bodies = ['one,', 'two,', 'three']
    const sent = made.json.credentials.map(async (part: Json, i: number) => {
      const answer = await fetch(part.url, { method: 'PUT', body: bodies[i], headers: part.headers })
      expect(answer.status).toBe(200)
      return { part_number: part.part_number, etag: answer.headers.get('etag'), url: part.url }
    })
    const parts = await Promise.all(sent)
    expect((await get('7/r/artifacts/file.bin')).status).toBe(404)
    const body = { path: 'C:\\data\\file.bin', upload_id: made.json.upload_id, parts }
    expect(await post('mpu/complete/7/r/artifacts', body)).toEqual({ status: 200, json: {} })
    expect(await (await get('7/r/artifacts/file.bin')).text()).toBe('one,two,three')
    expect(outcome(await post('mpu/complete/7/r/artifacts', body))).toEqual(missing)
  })

  it('is fetched by ranges from the address that presigned gives', async () => {
    await rig.tracking.artifacts.put('7/größe &?.bin', Buffer.from('0123456789'))
    const told = (await (await fetch(`${url}/presigned/7/${encodeURIComponent('größe &?.bin')}`)).json()) as Json
    expect(told).toMatchObject({ file_size: 10, headers: {} })
    const answer = await fetch(told.url, { headers: { ...told.headers, range: 'bytes=3-5' } })
    expect([answer.status, await answer.text()]).toEqual([206, '345'])
    expect((await fetch(`${url}/presigned/7/none`)).status).toBe(404)
  })

  it('leaves nothing when it is given up, any number of times', async () => {
    const made = await create('8', 1)
    const { upload_id } = made.json
    await fetch(made.json.credentials[0].url, { method: 'PUT', body: 'x' })
    for (let i = 0; i < 2; i++) expect((await post('mpu/abort/8', { path: 'file.bin', upload_id })).status).toBe(200)
    expect((await fetch(made.json.credentials[0].url, { method: 'PUT', body: 'x' })).status).toBe(404)
    expect((await get('8/file.bin')).status).toBe(404)
  })

  it('carries the credentials of its caller to the parts, which come without any', async () => {
    const headers = { authorization: 'Bearer secret' }
    const { json } = await post('mpu/create/7', { path: 'x', num_parts: 1 }, headers)
    expect(json.credentials[0].headers).toEqual({ Authorization: 'Bearer secret' })
    const forwarded = await post('mpu/create/7', { path: 'x', num_parts: 1 }, { 'x-forwarded-proto': 'https' })
    expect(forwarded.json.credentials[0].url).toMatch(/^https:/)
  })

  it('may not be larger than an artifact: neither a part nor all of them, which is found while they arrive', async () => {
    const { json } = await create('9', 2)
    const send = (i: number, bytes: number) =>
      fetch(json.credentials[i].url, { method: 'PUT', body: Buffer.alloc(bytes) })
    expect((await send(0, LIMIT + 1)).status).toBe(413)
    expect((await send(0, LIMIT)).status).toBe(200)
    expect((await send(1, 1)).status).toBe(413)
    expect((await get('9/file.bin')).status).toBe(404)
  })

  it.each<[string, string, Json, unknown[]]>([
    ['no path', 'create/7', { num_parts: 1 }, bad],
    ['no parts at all', 'create/7', { path: 'x', num_parts: 0 }, bad],
    ['too many parts', 'create/7', { path: 'x', num_parts: 10_001 }, bad],
    ['a count that is text', 'create/7', { path: 'x', num_parts: 'many' }, bad],
    ['a folder that leads out', 'create/%2e%2e%2f%2e%2e%2fetc', { path: 'x' }, bad],
    ['a folder that leads out, encoded twice', 'create/%252e%252e%252fetc', { path: 'x' }, bad],
    ['a file that leads out', 'create/7', { path: '..' }, bad],
    ['no file', 'create/7', { path: 'a/' }, bad],
    [
      'an upload of nobody',
      'complete/7',
      { path: 'x', upload_id: 'f'.repeat(32), parts: [{ part_number: 1, etag: 'x' }] },
      missing,
    ],
    [
      'an id that leads out',
      'complete/7',
      { path: 'x', upload_id: '../../x', parts: [{ part_number: 1, etag: 'x' }] },
      missing,
    ],
    ['no upload', 'complete/7', { path: 'x', parts: [{ part_number: 1, etag: 'x' }] }, bad],
    ['parts that are none', 'complete/7', { path: 'x', upload_id: 'f'.repeat(32), parts: [] }, bad],
    [
      'parts twice',
      'complete/7',
      {
        path: 'x',
        upload_id: 'f'.repeat(32),
        parts: [
          { part_number: 1, etag: 'x' },
          { part_number: 1, etag: 'x' },
        ],
      },
      bad,
    ],
    ['a body that is a list', 'complete/7', [], bad],
  ])('is refused with %s', async (_what, path, body, expected) => {
    expect(outcome(await post(`mpu/${path}`, body))).toEqual(expected)
  })

  it.each([
    '',
    'upload_id=f',
    'part_number=1',
    'upload_id=f&part_number=0',
    'upload_id=f&part_number=10001',
    'upload_id=f&part_number=x',
  ])('takes no part with the query %j', async (query) => {
    const answer = await fetch(`${url}/mpu/part/7/x?${query}`, { method: 'PUT', body: 'x' })
    expect(answer.status).toBe(400)
  })

  it('gives no part of one file to another', async () => {
    const { json } = await create('a', 1)
    const other = json.credentials[0].url.replace('/a/file.bin', '/b/file.bin')
    expect((await fetch(other, { method: 'PUT', body: 'x' })).status).toBe(404)
  })
})
