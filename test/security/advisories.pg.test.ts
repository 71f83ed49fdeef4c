import { mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { request as httpRequest } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type MlflowRig, openMlflowRig } from '../tracking/rig.ts'

/** Published advisories of MLflow that could reach this server, each with what it sends. */
let rig: MlflowRig
let run: string
let url: URL

const SECRET = 'not for callers'
const SECRET_FILE = join(tmpdir(), 'weir-secret.txt')

beforeAll(async () => {
  rig = await openMlflowRig()
  run = await rig.newRun()
  url = new URL(await rig.server.listen())
  // Beside the folder of the store: one step up would reach it.
  await writeFile(SECRET_FILE, SECRET)
  await rig.registry.ensureModel('m')
})
afterAll(async () => {
  await rig.close()
  await rm(SECRET_FILE, { force: true })
})

/** A path as it stands, without the tidying that fetch does. */
function raw(method: string, path: string, options: { headers?: Record<string, string>; body?: string } = {}) {
  return new Promise<{ status: number; headers: Record<string, unknown>; text: string }>((done, failed) => {
    const { hostname, port } = url
    const sent = httpRequest({ method, hostname, port, path, headers: options.headers }, (answer) => {
      let text = ''
      answer.setEncoding('utf8').on('data', (part: string) => {
        text += part
      })
      answer.on('end', () => done({ status: answer.statusCode ?? 0, headers: answer.headers, text }))
    })
    sent.on('error', failed).end(options.body)
  })
}

const ARTIFACTS = '/api/2.0/mlflow-artifacts/artifacts'
const UP = [
  '../weir-secret.txt',
  '..%2fweir-secret.txt',
  '%2e%2e/weir-secret.txt',
  '%252e%252e%252fweir-secret.txt',
  '%25252e%25252e%25252fweir-secret.txt',
  'a/..%2f..%2fweir-secret.txt',
  '..%5cweir-secret.txt',
  '/etc/passwd',
  '%2fetc%2fpasswd',
  'C:/windows/win.ini',
  'C%3a%5cwindows',
  'a%00b',
  'a%23b',
]

describe('paths that lead elsewhere', () => {
  test.each(UP)('CVE-2023-6831, 2024-1560, 2023-6730, 2023-3765: GET, PUT and DELETE of %s', async (path) => {
    for (const method of ['GET', 'PUT', 'DELETE']) {
      const { status, text } = await raw(method, `${ARTIFACTS}/${path}`, method === 'PUT' ? { body: 'x' } : {})
      expect(status).toBeGreaterThanOrEqual(400)
      expect(status).toBeLessThan(500)
      expect(text).not.toContain(SECRET)
    }
    expect(await readFile(SECRET_FILE, 'utf8')).toBe(SECRET)
  })

  test.each(['../..', '%2e%2e', '\\..\\x', '/etc', 'a/../../b'])(
    'CVE-2023-6909, 6977: list and get-artifact of path %s',
    async (path) => {
      for (const route of ['artifacts/list', 'get-artifact']) {
        const base = route === 'get-artifact' ? '' : '/api/2.0/mlflow/'
        const query = new URLSearchParams({ run_id: run, run_uuid: run, path })
        const { status, text } = await raw('GET', `${base || '/'}${route}?${query}`)
        expect([400, 404]).toContain(status)
        expect(text).not.toContain(SECRET)
      }
    },
  )

  test('PRs 18964 ff.: a symbolic link among the artifacts is not followed', async () => {
    const folder = join(rig.dir, 'artifacts', '0', run, 'artifacts')
    await mkdir(folder, { recursive: true })
    await symlink('/etc', join(folder, 'link'))
    const { status, text } = await raw('GET', `${ARTIFACTS}/0/${run}/artifacts/link/passwd`)
    expect(status).toBeGreaterThanOrEqual(400)
    expect(status).toBeLessThan(500)
    expect(text).not.toContain('root:')
  })
})

describe('places that a caller chooses', () => {
  test.each(['file:///etc', '//etc', '/etc', 'mlflow-artifacts:/../..', '\\..\\..', 'dbfs:/../x'])(
    'CVE-2023-1177, 2356, 2780, 2025-11201, 2026-2393: a version of source %s',
    async (source) => {
      const answer = await rig.post('model-versions/create', { name: 'm', source, run_id: run })
      expect(answer).toMatchObject({ status: 400, json: { error_code: 'INVALID_PARAMETER_VALUE' } })
    },
  )

  test.each(['http://169.254.169.254/latest', 'https://example.org/model', 's3://bucket/key'])(
    'CVE-2026-2393: a version of source %s is a note, whose files nobody here reads',
    async (source) => {
      const { model_version } = await rig.postOk('model-versions/create', { name: 'm', source, run_id: run })
      expect(model_version.source).toBe(source)
      const query = new URLSearchParams({ name: 'm', version: model_version.version, path: 'MLmodel' })
      const answer = await rig.server.app.inject({
        url: `/model-versions/get-artifact?${query}`,
        headers: { host: 'localhost' },
      })
      expect(answer.statusCode).toBe(400)
      expect(answer.json().message).toContain('which this server never opens')
    },
  )

  test('CVE-2026-2614: the tag of a prompt is no way around that', async () => {
    const tags = [{ key: 'mlflow.prompt.is_prompt', value: 'true' }]
    expect((await rig.post('model-versions/create', { name: 'm', source: '/etc', tags })).status).toBe(400)
  })

  test.each([
    'http:///#/../../../etc/',
    'file:///etc',
    'mlflow-artifacts:/../x',
    'mlflow-artifacts:/a?x=/../',
    'mlflow-artifacts:/a;b',
    'dbfs:/../etc',
  ])('CVE-2024-1483, 1558, 1594, 2928, 3573, 3848: an experiment at %s', async (artifact_location) => {
    const answer = await rig.post('experiments/create', { name: `at ${artifact_location}`, artifact_location })
    expect(answer.status).toBe(400)
  })

  test('CVE-2024-0520: the source of a dataset is kept and never fetched', async () => {
    const dataset = { name: 'd', digest: '1', source_type: 'http', source: 'http://127.0.0.1:1/filename=../../x' }
    await rig.postOk('runs/log-inputs', { run_id: run, datasets: [{ dataset }] })
    const { run: read } = await rig.getOk('runs/get', { run_id: run })
    expect(read.inputs.dataset_inputs[0].dataset.source).toBe(dataset.source)
  })
})

describe('what comes back', () => {
  test('CVE-2024-27132, 27133: HTML and SVG come as attachments that no browser runs', async () => {
    for (const name of ['a.html', 'a.svg']) {
      const path = `${ARTIFACTS}/0/${run}/artifacts/${name}`
      expect((await raw('PUT', path, { body: '<script>alert(1)</script>' })).status).toBe(200)
      const { headers } = await raw('GET', path)
      expect(headers['x-content-type-options']).toBe('nosniff')
      expect(headers['content-disposition']).toMatch(/^attachment/)
    }
  })

  test('CVE-2024-37052 to 37061: a pickle is bytes like others, and is never opened', async () => {
    const pickle = 'cos\nsystem\n(S"touch /tmp/weir-pickle-ran"\ntR.'
    const path = `${ARTIFACTS}/0/${run}/artifacts/model/model.pkl`
    expect((await raw('PUT', path, { body: pickle })).status).toBe(200)
    const source = `mlflow-artifacts:/0/${run}/artifacts/model`
    await rig.postOk('model-versions/create', { name: 'm', source, run_id: run })
    expect((await raw('GET', path)).text).toBe(pickle)
    expect(await readdir('/tmp')).not.toContain('weir-pickle-ran')
  })

  test('a refusal holds no SQL and no path of this machine', async () => {
    const answers = await Promise.all([
      rig.post('experiments/create', { name: 'Default' }),
      rig.post('runs/search', { experiment_ids: ['0'], filter: "params.a = '1'; drop table x" }),
      rig.get('runs/get', { run_id: "' or 1=1 --" }),
    ])
    for (const { status, json } of answers) {
      expect(status).toBeLessThan(500)
      expect(JSON.stringify(json)).not.toMatch(/select |insert |tracking\.|\/home\/|\/tmp\//i)
    }
  })
})

describe('who may ask', () => {
  test('CVE-2025-14279: a foreign Host is refused before any route, and so is a page of another origin', async () => {
    const path = '/api/2.0/mlflow/experiments/search?max_results=5'
    expect((await raw('GET', path, { headers: { host: 'evil.example' } })).status).toBe(403)
    expect((await raw('GET', path, { headers: { origin: 'http://evil.example' } })).status).toBe(403)
    expect((await raw('GET', path)).status).toBe(200)
  })

  test('CVE-2025-1473: a form of another page changes nothing', async () => {
    const headers = { 'content-type': 'text/plain', origin: 'http://evil.example' }
    const path = '/api/2.0/mlflow/experiments/create'
    const body = '{"name":"by a form"}'
    expect((await raw('POST', path, { headers, body })).status).toBe(403)
    expect((await raw('POST', path, { headers: { 'content-type': 'text/plain' }, body })).status).toBe(400)
    expect((await rig.get('experiments/get-by-name', { experiment_name: 'by a form' })).status).toBe(404)
  })

  test.each([
    ['experiments/create', { name: 'x'.repeat(1_000_00) }],
    ['runs/set-tag', { run_id: 'RUN', key: 'k'.repeat(10_000), value: 'v' }],
    ['registered-models/create', { name: 'x'.repeat(100_000) }],
    [
      'runs/log-batch',
      { run_id: 'RUN', metrics: Array.from({ length: 1001 }, () => ({ key: 'a', value: 1, timestamp: 1 })) },
    ],
  ])('CVE-2024-6838: huge values of %s are refused', async (path, body) => {
    const text = JSON.parse(JSON.stringify(body).replace('RUN', run))
    expect((await rig.post(path, text)).status).toBe(400)
  })
})
