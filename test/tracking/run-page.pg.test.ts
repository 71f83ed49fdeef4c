import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createDuck } from '../../src/lake/duck.ts'
import { comparisonAnswer } from '../../src/wire/comparison.ts'
import { filesAnswer, previewAnswer, runAnswer } from '../../src/wire/run.ts'
import { type MlflowRig, openMlflowRig } from './rig.ts'

let rig: MlflowRig
let experimentId: string
beforeAll(async () => {
  rig = await openMlflowRig()
  experimentId = await rig.newExperiment('pages')
})
afterAll(() => rig.close())

const ask = (url: string) => rig.server.app.inject({ url, headers: { host: 'localhost' } })
const json = async (url: string) => {
  const answer = await ask(url)
  expect(answer.statusCode, answer.body.slice(0, 300)).toBe(200)
  return answer.json()
}
const put = (run: string, path: string, bytes: string | Buffer) =>
  rig.tracking.artifacts.putOfRun(run, path, Buffer.from(bytes as string))
const preview = async (run: string, path: string) =>
  previewAnswer.parse(await json(`/runs/${run}/preview?${new URLSearchParams({ path })}`))

describe('GET /runs/{run}', () => {
  test('has the latest value of each metric and the ends of all its values, whatever numbers they are', async () => {
    const run = await rig.newRun(experimentId)
    const values = [3, Number.NaN, -7, Number.POSITIVE_INFINITY, 1]
    const metrics = values.map((value, step) => ({
      key: 'loss',
      value,
      step: BigInt(step) + 2n ** 60n,
      timestampMs: step,
    }))
    const none = { key: 'none', value: Number.NaN, step: 0, timestampMs: 5 }
    await rig.tracking.logBatch(run, { metrics: [...metrics, none], params: [{ key: 'depth', value: '6' }] })
    const { body } = await ask(`/runs/${run}`)
    expect(body).toContain(`"step":${2n ** 60n + 4n}`)
    const about = runAnswer.parse(JSON.parse(body))
    expect(about.params).toEqual([{ key: 'depth', value: '6' }])
    expect(about.metrics).toMatchObject([
      { key: 'loss', latest: 1, least: -7, greatest: 'Infinity', points: 5 },
      { key: 'none', latest: 'NaN', least: 'NaN', greatest: 'NaN', points: 1 },
    ])
    expect(about.run).toMatchObject({
      experiment: { id: experimentId, name: 'pages' },
      status: 'RUNNING',
      ended_at: null,
    })
  })

  test('knows its parent, and its nested runs but for deleted ones', async () => {
    const parent = await rig.newRun(experimentId)
    const tags = [{ key: 'mlflow.parentRunId', value: parent }]
    const [one, two, gone] = await Promise.all([1, 2, 3].map(() => rig.newRun(experimentId, { tags })))
    await rig.tracking.runs.remove(gone!)
    const about = runAnswer.parse(await json(`/runs/${parent}`))
    expect(about.children.map(({ id }) => id).sort()).toEqual([one, two].sort())
    expect(about.children_in_all).toBe(2)
    expect(runAnswer.parse(await json(`/runs/${one}`)).parent).toMatchObject({ id: parent })
  })

  test('is there, and compared, where a client counted in microseconds: such a moment is shown as none', async () => {
    const micros = 1_706_659_200_000_000
    const run = await rig.newRun(experimentId, { start_time: micros })
    const tags = [{ key: 'mlflow.parentRunId', value: run }]
    const child = await rig.newRun(experimentId, { start_time: micros, tags })
    await rig.tracking.runs.update(run, { status: 'FINISHED', endTimeMs: micros + 1 })
    await rig.tracking.logBatch(run, { metrics: [{ key: 'loss', value: 1, step: 0, timestampMs: micros }] })
    const about = runAnswer.parse(await json(`/runs/${run}`))
    expect(about.run).toMatchObject({ started_at: null, ended_at: null })
    expect(about.metrics).toMatchObject([{ key: 'loss', at: null }])
    expect(about.children).toMatchObject([{ id: child, started_at: null }])
    const compared = comparisonAnswer.parse(await json(`/runs/compare?run=${run}&run=${child}`))
    expect(compared.runs.map(({ started_at: at }) => at)).toEqual([null, null])
  })

  test('says which run is not there', async () => {
    const answer = await ask('/runs/0123')
    expect([answer.statusCode, answer.json().detail]).toEqual([404, 'Run with id=0123 not found'])
  })
})

describe('GET /runs/compare', () => {
  test('gives what differs between runs, and how much is the same', async () => {
    const [one, two] = await Promise.all([1, 2].map(() => rig.newRun(experimentId)))
    const log = (run: string, depth: string, loss: number, more: object = {}) =>
      rig.tracking.logBatch(run, {
        params: [
          { key: 'depth', value: depth },
          { key: 'seed', value: '1' },
        ],
        metrics: [
          { key: 'loss', value: loss, step: 0, timestampMs: 1 },
          { key: 'nan', value: Number.NaN, step: 0, timestampMs: 1 },
        ],
        ...more,
      })
    await log(one!, '3', 0.5, { tags: [{ key: 'team', value: 'a' }] })
    await log(two!, '4', Number.POSITIVE_INFINITY)
    const answer = comparisonAnswer.parse(await json(`/runs/compare?run=${two}&run=${one}&run=${'0'.repeat(32)}`))
    expect(answer.runs.map(({ id }) => id)).toEqual([two, one])
    expect(answer.params).toEqual([{ key: 'depth', same: false, values: ['4', '3'] }])
    expect(answer.metrics).toEqual([{ key: 'loss', same: false, values: ['Infinity', 0.5] }])
    expect(answer.tags).toEqual([{ key: 'team', same: false, values: [null, 'a'] }])
    expect(answer.same).toEqual({ params: 1, metrics: 1, tags: 0 })
    const all = comparisonAnswer.parse(await json(`/runs/compare?run=${one}&run=${two}&all=true`))
    expect(all.metrics.map(({ key, same }) => [key, same])).toEqual([
      ['loss', false],
      ['nan', true],
    ])
  })
})

describe('a preview', () => {
  test('shows text, JSON with all its digits, rows of a table, and Markdown as data', async () => {
    const run = await rig.newRun(experimentId)
    await put(run, 'notes.txt', 'one\ntwo é')
    await put(run, 'a/big.json', '{"n":12345678901234567890,"x":[1,2]}')
    await put(run, 'rows.csv', 'id,name\n1,"Smith, ""J"""\n2,\n')
    await put(
      run,
      'a/card.md',
      '# Card\n\n<script>alert(1)</script>\n\n![roc](roc.svg) ![bad](https://x.example/y.png) [on](javascript:x) **b**',
    )
    expect(await preview(run, 'notes.txt')).toMatchObject({ kind: 'text', text: 'one\ntwo é', whole: true, note: null })
    expect((await preview(run, 'a/big.json')).text).toContain('"n": 12345678901234567890')
    expect((await preview(run, 'rows.csv')).table).toEqual({
      columns: [
        { name: 'id', type: null },
        { name: 'name', type: null },
      ],
      columns_in_all: 2,
      rows: [
        ['1', 'Smith, "J"'],
        ['2', ''],
      ],
      rows_in_all: 2,
    })
    const { blocks } = await preview(run, 'a/card.md')
    expect(blocks).toMatchObject([
      { kind: 'heading', level: 1 },
      { kind: 'paragraph', parts: [{ kind: 'text', text: expect.stringContaining('<script>') }] },
      { kind: 'paragraph' },
    ])
    const parts = (blocks as { parts: object[] }[])[2]!.parts
    expect(parts[0]).toEqual({ kind: 'image', path: 'a/roc.svg', text: 'roc' })
    expect(JSON.stringify(parts)).not.toMatch(/x\.example|javascript/)
    const files = filesAnswer.parse(await json(`/runs/${run}/files`)).files
    expect(files.map(({ path }) => path)).toEqual(['a', 'notes.txt', 'rows.csv'])
  })

  test('reads the first rows of a Parquet file and the first part of a long text, never all of it', async () => {
    const run = await rig.newRun(experimentId)
    const file = join(rig.dir, 'rows.parquet')
    const duck = await createDuck({ directories: [rig.dir] })
    await duck.run(
      `copy (select i as n, 'row ' || i as s, date '2024-01-31' as d, null::double as x from range(70000) t(i)) to '${file}' (format parquet)`,
    )
    duck.close()
    await put(run, 'rows.parquet', await readFile(file))
    await put(run, 'long.txt', 'é'.repeat(200_000))
    await put(run, 'long.csv', `a,b\n${'1,2\n'.repeat(100_000)}`)
    const { table, whole } = await preview(run, 'rows.parquet')
    expect(table?.rows.length).toBe(200)
    expect(table?.rows[199]).toEqual(['199', 'row 199', '2024-01-31T00:00:00.000Z', null])
    expect([table?.rows_in_all, whole]).toEqual([70_000, false])
    const long = await preview(run, 'long.txt')
    expect([long.whole, long.text?.length, long.bytes]).toEqual([false, 131_072, 400_000])
    const csv = (await preview(run, 'long.csv')).table
    expect([csv?.rows.length, csv?.rows_in_all]).toEqual([200, null])
  })

  test('believes what is in a file, not what it is called', async () => {
    const run = await rig.newRun(experimentId)
    const png = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex')
    await put(run, 'evil.png', '<html><script>alert(1)</script></html>')
    await put(run, 'real.txt', png)
    await put(run, 'x.parquet', 'PAR1 and then nothing')
    await put(run, 'bytes.csv', Buffer.from([0xff, 0xfe, 0, 1]))
    expect(await preview(run, 'evil.png')).toMatchObject({ kind: 'text', note: 'name_says_otherwise' })
    expect(await preview(run, 'real.txt')).toMatchObject({ kind: 'image', note: 'name_says_otherwise' })
    expect(await preview(run, 'x.parquet')).toMatchObject({ kind: 'binary', note: 'unreadable', table: null })
    expect(await preview(run, 'bytes.csv')).toMatchObject({ kind: 'binary', note: 'name_says_otherwise' })
    const refused = await ask(`/runs/${run}/picture?path=evil.png`)
    expect([refused.statusCode, refused.json().detail]).toEqual([400, expect.stringContaining('not an image')])
    const shown = await ask(`/runs/${run}/picture?path=real.txt`)
    expect([shown.headers['content-type'], shown.headers['x-content-type-options']]).toEqual(['image/png', 'nosniff'])
  })

  test('keeps an SVG and an HTML file apart: no script, no network, no origin of ours', async () => {
    const run = await rig.newRun(experimentId)
    await put(run, 'a.svg', '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>')
    await put(run, 'a.html', '<script>alert(1)</script>')
    const svg = await ask(`/runs/${run}/picture?path=a.svg`)
    expect([svg.headers['content-type'], svg.headers['content-security-policy']]).toEqual([
      'image/svg+xml',
      expect.stringMatching(/default-src 'none'.*; sandbox$/),
    ])
    const html = await ask(`/runs/${run}/html?path=a.html`)
    expect(html.headers['content-security-policy']).toMatch(/^default-src 'none'.*; sandbox$/)
    expect(html.headers['content-security-policy']).not.toContain('script-src')
    const withScripts = await ask(`/runs/${run}/html?path=a.html&scripts=true`)
    expect(withScripts.headers['content-security-policy']).toMatch(/sandbox allow-scripts$/)
    expect(withScripts.headers['content-security-policy']).not.toMatch(/connect-src|allow-same-origin/)
    expect((await ask(`/runs/${run}/html?path=a.svg`)).statusCode).toBe(400)
  })

  test('takes no path out of its run, and any name that a file can have', async () => {
    const run = await rig.newRun(experimentId)
    for (const path of ['../other/x', '/etc/passwd', 'a/../../x', 'a\\b', '.', '%2e%2e/x']) {
      for (const route of ['preview', 'picture', 'html', 'files']) {
        const answer = await ask(`/runs/${run}/${route}?${new URLSearchParams({ path })}`)
        expect([answer.statusCode < 500, answer.statusCode === 200 && route !== 'files'], `${route} ${path}`).toEqual([
          true,
          false,
        ])
      }
    }
    const name = '<img src=x onerror=alert(1)> "q" \u202Eé.txt'
    await put(run, name, 'here')
    expect((await preview(run, name)).text).toBe('here')
  })

  test('is ready for Markdown that nests without end', async () => {
    const run = await rig.newRun(experimentId)
    await put(run, 'deep.md', '>'.repeat(20_000))
    await put(run, 'lines.md', '_a'.repeat(45_000))
    expect(await preview(run, 'deep.md')).toMatchObject({ kind: 'text', note: 'unreadable' })
    // Taken apart whole it would take 17 s.
    expect((await preview(run, 'lines.md')).blocks).toEqual([
      { kind: 'paragraph', parts: [{ kind: 'text', text: '_a'.repeat(45_000) }] },
    ])
  })
})
