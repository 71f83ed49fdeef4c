import { existsSync, readFileSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import type { App } from '../../src/app.ts'
import { decodeModel, predictOne } from '../../src/ml/model/model-file.ts'
import { startServer } from '../../src/server.ts'
import type { Pinned } from '../../src/training/training.ts'
import { AS_OF, logisticOnnx, type OwnProject, openOwnProject, ROWS } from './own-project.ts'
import { isRunning } from './running.ts'

/** The features are sum, months (missing in every seventh row) and plan, by its number among all, basic, more. */
const WEIGHTS = [0.01, 0.02, 0.5]
const probability = (sum: number, months: number | null, plan: number) =>
  1 / (1 + Math.exp(-(WEIGHTS[0]! * sum + WEIGHTS[1]! * (months ?? 0) + WEIGHTS[2]! * plan)))

let own: OwnProject
let app: App
let told: string

beforeAll(async () => {
  own = await openOwnProject()
  told = join(own.dir, 'told')
  await mkdir(told)
  await writeFile(join(told, 'model.onnx'), logisticOnnx(WEIGHTS))
  process.env.OWN_PASSED = 'yes'
  process.env.OWN_SECRET = 'hunter2'
  app = await own.open({
    command: ['node', 'train.mjs', 'tell', told],
    env: { SAID: '$HOME; rm -rf x' },
    passEnv: ['OWN_PASSED'],
  })
  await app.ingestMonth({ asOf: AS_OF, dir: join(own.dir, 'data') })
}, 60_000)
afterAll(async () => {
  delete process.env.OWN_PASSED
  delete process.env.OWN_SECRET
  await own.end()
})

const json = (path: string) => JSON.parse(readFileSync(path, 'utf8'))

describe('a trainer that logs a model', () => {
  let report: Awaited<ReturnType<App['trainBaseline']>>
  beforeAll(async () => {
    report = await app.trainBaseline({ model: 'churn', asOf: AS_OF })
  }, 60_000)

  test('is told the rows without those that are held out, with their split, types, categories and digests', async () => {
    const manifest = json(join(told, 'manifest.json'))
    expect(manifest).toMatchObject({
      model: 'churn',
      keys: [{ name: 'id', type: 'String' }],
      features: [
        { name: 'sum', type: 'Float64', nullable: false },
        { name: 'months', type: 'Int64', nullable: true },
        { name: 'plan', type: 'String', categories: ['all', 'basic', 'more'] },
      ],
      label: { name: 'gone', kind: 'binary', classes: [0, 1] },
      trainingSet: { digest: report.trainingSet, rows: ROWS },
    })
    const { train, test: measuring, heldOut } = manifest.split
    expect(train + measuring + heldOut).toBe(ROWS)
    expect(heldOut).toBeGreaterThan(20)
    const { hold, ...counted } = await counts(join(told, 'rows.parquet'))
    expect(counted).toEqual({ rows: train + measuring, train, test: measuring })
    expect(hold).toBe(0)
  })

  test('finds in its environment what it is given, nothing of Weir’s own, and no shell has read anything', () => {
    const env = json(join(told, 'env.json'))
    expect(env).toMatchObject({ SAID: '$HOME; rm -rf x', OWN_PASSED: 'yes', MLFLOW_RUN_ID: report.runId })
    expect(env.MLFLOW_TRACKING_URI).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
    expect(env).not.toHaveProperty('OWN_SECRET')
    expect(env).not.toHaveProperty('DATABASE_URL')
    expect(existsSync(env.WEIR_TRAINING_SET)).toBe(false)
    expect(existsSync(env.WEIR_WORK)).toBe(false)
  })

  test('and its token and address are gone with it', async () => {
    const { MLFLOW_TRACKING_URI: uri } = json(join(told, 'env.json'))
    await expect(fetch(`${uri}/health`)).rejects.toThrow()
  })

  test('has a run with what both said, its log and the artifacts of any training, and a version', async () => {
    expect(report).toMatchObject({ version: 1, reused: false })
    const run = await app.tracking.runs.get(report.runId)
    expect(run.status).toBe('FINISHED')
    const params = new Map(run.params.map(({ key, value }) => [key, value]))
    expect(params.get('threshold')).toBe('mine')
    expect(params.get('model_type')).toBe('trainer')
    const metrics = new Map(run.metrics.map(({ key, value }) => [key, value]))
    expect(metrics.get('loss')).toBe(0.5)
    expect(metrics.get('val_auc')).toBeGreaterThan(0.7)
    expect(metrics.get('holdout_auc')).toBeGreaterThan(0.7)
    const read = async (path: string) => (await app.tracking.artifacts.read(run.artifactUri, path)).toString()
    expect(await read('trainer.log')).toMatch(/^learning churn from \d+ rows\ndone\n$/)
    expect((await read('model/MLmodel')).length).toBeGreaterThan(100)
    const code = JSON.parse(await read('code.json'))
    expect(code.project.files.map(({ path }: { path: string }) => path)).toEqual(['train.mjs', 'weir.config.ts'])
  })

  test('answers by /predict, from files that are read again', async () => {
    const { artifactUri } = await app.tracking.runs.get(report.runId)
    const model = decodeModel(await app.tracking.artifacts.read(`${artifactUri}/model`, 'model.weir'))
    expect(model.learned.kind).toBe('onnx')
    expect(predictOne(model, [100, 3, 'basic'])[0]).toBeCloseTo(probability(100, 3, 1), 6)
    await app.materialize({})
    const stage = { stage: 'Production', archiveExisting: true, actor: 'ann' } as const
    await app.registry.transition({ name: 'churn', version: 1, ...stage })
    const server = await startServer(app)
    try {
      const body = JSON.stringify({ id: 'c1' })
      const headers = { 'content-type': 'application/json' }
      const answer = await fetch(`${server.url}/predict`, { method: 'POST', headers, body })
      expect(answer.status).toBe(200)
      const found = await answer.json()
      expect(found).toMatchObject({ model: { name: 'churn', version: '1' } })
      expect(JSON.stringify(found)).toContain(String(probability(919.5, 1, 2)).slice(0, 6))
    } finally {
      await server.close()
    }
  }, 30_000)

  test('is found again for --reuse, until its code is another', async () => {
    expect(await app.trainBaseline({ model: 'churn', asOf: AS_OF, reuse: true })).toMatchObject({
      version: 1,
      reused: true,
    })
  })
})

async function counts(path: string): Promise<Record<string, number>> {
  const { DuckDBInstance } = await import('@duckdb/node-api')
  const duck = await DuckDBInstance.create()
  const connection = await duck.connect()
  const reader = await connection.runAndReadAll(
    `SELECT count(*)::INT AS rows, count(*) FILTER (weir_split = 'train')::INT AS train,
            count(*) FILTER (weir_split = 'test')::INT AS test,
            count(*) FILTER (weir_split NOT IN ('train', 'test') OR weir_split IS NULL)::INT AS hold
       FROM read_parquet('${path}')`,
  )
  const [row] = reader.getRowObjects()
  connection.closeSync()
  duck.closeSync()
  return row as Record<string, number>
}

describe('a trainer that gives no model', () => {
  let base: Pinned
  let dataset: Awaited<ReturnType<App['training']['buildDataset']>>
  let runs = 0
  beforeAll(async () => {
    base = await app.training.pin({ model: 'churn', asOf: AS_OF })
    dataset = await app.training.buildDataset(base)
  })

  /** The run of a training whose trainer is told something else. */
  async function failing(command: string[], more: object = {}) {
    const runId = `${(++runs).toString(16).padStart(2, '0')}${base.runId.slice(2)}`
    const model = { ...base.definitions.model }
    Object.assign(model, { learner: { ...model.learner, command, ...more } })
    const pinned: Pinned = { ...base, runId, definitions: { ...base.definitions, model } }
    const error = await app.training.fit(pinned, dataset).then(
      () => undefined,
      (thrown: Error) => thrown,
    )
    const run = await app.tracking.runs.get(runId)
    const log = await app.tracking.artifacts.read(run.artifactUri, 'trainer.log').catch(() => Buffer.from(''))
    return { error, run, log: log.toString(), pinned }
  }
  const script = (...args: string[]) => ['node', 'train.mjs', ...args]
  const onnx = async (name: string, bytes: Uint8Array) => {
    const file = join(own.dir, `${name}.onnx`)
    await writeFile(file, bytes)
    return script('log', file)
  }
  const versions = async () => (await app.registry.versionsOf('churn')).length

  test.each([
    ['crashes', script('crash'), /exit code 7; its last words: .*out of luck/],
    ['is killed', script('signal'), /it was ended by SIGKILL/],
    ['does not exist', ['no-such-program'], /'no-such-program' cannot be started: .*ENOENT/],
    ['logs nothing', script('nothing'), /it logged no model; log one with mlflow\.onnx\.log_model/],
    ['logs a model without a file', script('empty'), /the model that it logged has no ONNX file/],
    ['says more than 100 MB', script('flood'), /it said more than 100 MB, and was ended/],
  ])(
    'fails the run when it %s',
    async (_, command, message) => {
      const before = await versions()
      const { error, run, log } = await failing(command)
      expect(error).toMatchObject({ code: 'trainer_failed', message: expect.stringMatching(message) })
      expect(run.status).toBe('FAILED')
      if (command[0] === 'node') expect(log).toMatch(/^learning churn from \d+ rows\n/)
      expect(log.length).toBeLessThan(1_100_000)
      expect(await versions()).toBe(before)
    },
    30_000,
  )

  test('fails the run where the file is no ONNX, too large, or does not fit features and label', async () => {
    const cases: [string, Uint8Array, RegExp][] = [
      ['text', Buffer.from('not a model'), /ONNX Runtime cannot open the model/],
      ['large', Buffer.alloc(2_000_001), /its ONNX file has 3 MB; the limit is 2 \(maxModelMb/],
      ['wide', logisticOnnx([1, 2, 3, 4]), /takes 4 columns, and the model has 3 features/],
    ]
    const before = await versions()
    for (const [name, bytes, message] of cases) {
      const { error, run } = await failing(await onnx(name, bytes), { maxModelBytes: 2_000_000 })
      expect(error, name).toMatchObject({ code: 'trainer_failed', message: expect.stringMatching(message) })
      expect(run.status, name).toBe('FAILED')
    }
    expect(await versions()).toBe(before)
  }, 60_000)

  test('is ended with all that it started when it takes too long', async () => {
    const file = join(own.dir, 'pids.json')
    const { error, run } = await failing(script('hang', file), { timeoutMs: 1_500 })
    expect(error).toMatchObject({ message: expect.stringMatching(/took longer than 1.5 s, and was ended/) })
    expect(run.status).toBe('FAILED')
    const { pids, folder } = json(file)
    for (const pid of pids) await vi.waitFor(() => expect(isRunning(pid), String(pid)).toBe(false))
    expect(existsSync(folder)).toBe(false)
  }, 30_000)

  test('is not started a second time for the same run', async () => {
    const { pinned } = await failing(script('crash'))
    await expect(app.training.fit(pinned, dataset)).rejects.toThrow(
      /the process that followed it ended before it was done; give the command again/,
    )
  }, 30_000)
})
