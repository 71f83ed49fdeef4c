import { randomBytes } from 'node:crypto'
import { mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { request as httpRequest } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { rangeOf } from '../../src/tracking/routes/send-artifact.ts'
import { type Json, type MlflowRig, openMlflowRig } from './rig.ts'

const LIMIT = 3_000_000
let rig: MlflowRig
let url: string
beforeAll(async () => {
  rig = await openMlflowRig({ artifactBytesMax: LIMIT })
  url = await rig.server.listen()
})
afterAll(() => rig.close())

const proxy = (path: string) => `${url}/api/2.0/mlflow-artifacts/artifacts${path}`
const put = (path: string, body: string | Uint8Array, type?: string) =>
  fetch(proxy(path), { method: 'PUT', body, headers: type ? { 'content-type': type } : {} })

const jsonOf = async (answer: Response): Promise<Json> => answer.json()

/** A request whose path is sent as it is written, which `fetch` would tidy. */
function raw(method: string, path: string): Promise<{ status: number; body: string }> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    const sent = httpRequest({ method, hostname, port, path }, (answer) => {
      let body = ''
      answer.setEncoding('utf8').on('data', (chunk) => {
        body += chunk
      })
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body }))
    })
    sent.on('error', reject)
    sent.end(method === 'PUT' ? 'x' : undefined)
  })
}

describe('the artifact proxy', () => {
  it.each(['application/json', 'text/plain', 'image/png', 'nonsense', undefined])(
    'keeps the bytes as they are when they come as %s',
    async (type) => {
      const bytes = Buffer.concat([Buffer.from('{"broken": '), randomBytes(100_000)])
      const answer = await put('/0/r/artifacts/blob.bin', bytes, type)
      expect([answer.status, await jsonOf(answer)]).toEqual([200, {}])
      const got = await fetch(proxy('/0/r/artifacts/blob.bin'))
      expect(Buffer.from(await got.arrayBuffer()).equals(bytes)).toBe(true)
      expect(got.headers.get('content-length')).toBe(String(bytes.length))
    },
  )

  it('takes an empty file and one that is longer than other bodies may be', async () => {
    await put('/0/r/artifacts/empty', '')
    expect(await (await fetch(proxy('/0/r/artifacts/empty'))).text()).toBe('')
    expect((await put('/0/r/artifacts/long', Buffer.alloc(2_500_000))).status).toBe(200)
  })

  it('refuses what is longer than the limit, announced or not, and keeps nothing of it', async () => {
    expect((await put('/0/r/artifacts/too-long', Buffer.alloc(LIMIT + 1))).status).toBe(413)
    const unannounced = new ReadableStream({
      start(controller) {
        for (let i = 0; i < 4; i++) controller.enqueue(new Uint8Array(1_000_000))
        controller.close()
      },
    })
    const options = { method: 'PUT', body: unannounced, duplex: 'half' } as RequestInit
    const status = await fetch(proxy('/0/r/artifacts/too-long'), options).then(
      (answer) => answer.status,
      () => 413,
    )
    expect(status).toBe(413)
    expect((await fetch(proxy('/0/r/artifacts/too-long'))).status).toBe(404)
  })

  it.each(['page.html', 'image.svg', 'a "quoted" name.html', 'größe.txt', 'x\u2028y.js', '__proto__', 'x.constructor'])(
    'lets a browser save %j and never run it',
    async (name) => {
      await put(`/0/r/artifacts/${encodeURIComponent(name)}`, '<script>alert(1)</script>', 'text/html')
      const { status, headers } = await fetch(proxy(`/0/r/artifacts/${encodeURIComponent(name)}`))
      expect(status).toBe(200)
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('content-disposition')).toMatch(
        /^attachment; filename="[^"\r\n]*"; filename\*=UTF-8''[\w%.~-]+$/,
      )
      expect(headers.get('content-security-policy')).toContain('sandbox')
    },
  )

  it('lists a folder by base names, and a file or nothing as nothing', async () => {
    await put('/9/r/artifacts/b/c.txt', '1')
    await put('/9/r/artifacts/b/d/e.txt', '12')
    await put('/9/r/artifacts/a.txt', '123')
    const list = async (path: string) => (await fetch(proxy(`?path=${encodeURIComponent(path)}`))).json()
    expect(await list('9/r/artifacts')).toEqual({
      files: [
        { path: 'a.txt', is_dir: false, file_size: 3 },
        { path: 'b', is_dir: true },
      ],
    })
    expect(await list('9/r/artifacts/b/')).toEqual({
      files: [
        { path: 'c.txt', is_dir: false, file_size: 1 },
        { path: 'd', is_dir: true },
      ],
    })
    expect(await list('9/r/artifacts/a.txt')).toEqual({})
    expect(await list('9/nothing')).toEqual({})
  })

  it('answers 404 for what is not there and 400 for a folder', async () => {
    await put('/8/f/x', '1')
    const missing = await fetch(proxy('/8/f/y'))
    expect([missing.status, await missing.json()]).toMatchObject([404, { error_code: 'RESOURCE_DOES_NOT_EXIST' }])
    expect((await fetch(proxy('/8/f'))).status).toBe(400)
  })

  it('refuses a file where a folder is, and a folder where a file is', async () => {
    await put('/7/f/x', '1')
    for (const path of ['/7/f', '/7/f/x/y']) {
      const answer = await put(path, '1')
      expect([answer.status, (await jsonOf(answer)).error_code]).toEqual([400, 'INVALID_PARAMETER_VALUE'])
    }
  })

  it('deletes a file or a folder, and is content when there is none', async () => {
    await put('/6/f/x', '1')
    await put('/6/f/g/y', '1')
    for (const path of ['/6/f/x', '/6/f', '/6/f']) {
      const answer = await fetch(proxy(path), { method: 'DELETE' })
      expect([answer.status, await jsonOf(answer)]).toEqual([200, {}])
    }
    expect(await (await fetch(proxy('?path=6'))).json()).toEqual({})
  })

  it('gives a range of a file', async () => {
    await put('/5/f', '0123456789')
    const part = async (range: string) => {
      const answer = await fetch(proxy('/5/f'), { headers: { range } })
      return [answer.status, await answer.text(), answer.headers.get('content-range')]
    }
    expect(await part('bytes=2-4')).toEqual([206, '234', 'bytes 2-4/10'])
    expect(await part('bytes=7-')).toEqual([206, '789', 'bytes 7-9/10'])
    expect(await part('bytes=-3')).toEqual([206, '789', 'bytes 7-9/10'])
    expect(await part('bytes=10-')).toEqual([416, '', 'bytes */10'])
    expect(await part('bytes=0-1,4-5')).toEqual([200, '0123456789', null])
  })
})

it.each([
  [undefined, 10, undefined],
  ['bytes=-', 10, undefined],
  ['bytes=5-2', 10, undefined],
  ['bytes=0-99', 10, { start: 0, end: 9 }],
  ['bytes=-99', 10, { start: 0, end: 9 }],
  ['bytes=0-', 0, 'outside'],
  ['bytes=-0', 10, 'outside'],
])('the range %s of %i bytes', (header, bytes, expected) => {
  expect(rangeOf(header, bytes)).toEqual(expected)
})

describe('no path leads out of the store', () => {
  const PATHS = [
    '/../../etc/passwd',
    '/..%2f..%2fetc%2fpasswd',
    '/%2e%2e/%2e%2e/etc/passwd',
    '/%252e%252e%252f%252e%252e%252fetc%252fpasswd',
    '/%25252e%25252e%25252fx',
    '//etc/passwd',
    '/%2fetc%2fpasswd',
    '/..%5c..%5cx',
    '/C:%2fwindows',
    '/a%00b',
    '/a%23b',
    '/a/..%2f..%2f..%2fx',
    '/.%2e/x',
    '/a/%2e/b',
    '/.scratch%2fx',
  ]
  it.each(PATHS.flatMap((path) => ['GET', 'PUT', 'DELETE'].map((method) => [method, path] as const)))(
    '%s %s',
    async (method, path) => {
      const { status, body } = await raw(method, `/api/2.0/mlflow-artifacts/artifacts${path}`)
      expect([400, 404]).toContain(status)
      expect(body).not.toContain('root:')
    },
  )

  it.each(['..', '../x', '%2e%2e', '%252e%252e%252f', '/etc', '..\\x', 'a#b'])('list of %j', async (path) => {
    const answer = await fetch(proxy(`?path=${encodeURIComponent(path)}`))
    expect(answer.status).toBe(400)
    const id = await rig.newRun()
    expect((await rig.get('artifacts/list', { run_id: id, path })).status).toBe(400)
    const got = await fetch(`${url}/get-artifact?run_id=${id}&path=${encodeURIComponent(path)}`)
    expect(got.status).toBe(400)
  })
})

describe('the artifacts of a run', () => {
  it('are listed below its root, and read by get-artifact', async () => {
    const id = await rig.newRun()
    await put(`/0/${id}/artifacts/model/MLmodel`, 'flavors: {}')
    await put(`/0/${id}/artifacts/note.txt`, 'hi')
    const root_uri = `mlflow-artifacts:/0/${id}/artifacts`
    expect(await rig.getOk('artifacts/list', { run_id: id })).toEqual({
      root_uri,
      files: [
        { path: 'model', is_dir: true },
        { path: 'note.txt', is_dir: false, file_size: 2 },
      ],
    })
    expect(await rig.getOk('artifacts/list', { run_uuid: id, path: 'model' })).toEqual({
      root_uri,
      files: [{ path: 'model/MLmodel', is_dir: false, file_size: 11 }],
    })
    for (const base of ['/get-artifact', '/ajax-api/2.0/mlflow/get-artifact']) {
      const got = await fetch(`${url}${base}?run_uuid=${id}&path=model/MLmodel`)
      expect([got.status, await got.text()]).toEqual([200, 'flavors: {}'])
    }
    expect((await rig.get('artifacts/list', { run_id: 'f'.repeat(32) })).status).toBe(404)
  })
})

it('a symbolic link in the store is not followed', async () => {
  const outside = await mkdtemp(join(tmpdir(), 'weir-outside-'))
  await writeFile(join(outside, 'secret'), 'secret')
  await put('/links/r/kept', '1')
  const inside = (name: string) => join(rig.dir, 'artifacts', 'links', 'r', name)
  await symlink(join(outside, 'secret'), inside('file'))
  await symlink(outside, inside('folder'))
  for (const path of ['/links/r/file', '/links/r/folder/secret']) {
    expect((await fetch(proxy(path))).status, path).toBe(404)
    await fetch(proxy(path), { method: 'DELETE' })
  }
  expect((await put('/links/r/folder/written', 'x')).status).toBe(400)
  const { files } = await jsonOf(await fetch(proxy('?path=links/r')))
  expect(files).toEqual([{ path: 'kept', is_dir: false, file_size: 1 }])
  expect(await readdir(outside)).toEqual(['secret'])
  await rm(outside, { recursive: true })
})

it('the version of the protocol is told as plain text, and both bases answer', async () => {
  const version = await fetch(`${url}/version`)
  expect(version.headers.get('content-type')).toMatch(/^text\/plain/)
  expect(await version.text()).toBe('3.3.0')
  // Clients of MLflow 3 that are told that parts are taken ask twice for each download, and fail on a path.
  const info = await fetch(`${url}/api/3.0/mlflow/server-info`)
  expect(await jsonOf(info)).toMatchObject({ multipart_uploads_enabled: false, multipart_downloads_enabled: false })
  const ajax = await fetch(`${url}/ajax-api/2.0/mlflow/experiments/get?experiment_id=0`)
  expect((await jsonOf(ajax)).experiment.name).toBe('Default')
})
