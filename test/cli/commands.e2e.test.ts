import { readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { writeMonths } from '../../src/generator/streamflow.ts'
import { openPlace } from '../e2e/weir.ts'

// One story on one home: what a command shows is what the ones before have made.
let place: Awaited<ReturnType<typeof openPlace>>
let project: string
let months: string

beforeAll(async () => {
  place = await openPlace()
  project = await place.project()
  months = join(place.dir, 'months')
  await writeMonths(months, 2, { customers: 300 })
})
afterAll(() => place.end())

const weir = (...args: string[]) => place.run(...args, '--project', project)
const fails = (...args: string[]) => place.start(...args, '--project', project).ended
const json = async (...args: string[]) => JSON.parse((await weir(...args, '--json', '--log-level', 'debug')).stdout)
const january = () => join(months, 'month_000')

test('before anything is there, each command says what to do first', async () => {
  expect((await weir('snapshots')).stdout).toContain('no snapshots yet; run: weir ingest DIR --as-of DATE')
  expect((await weir('models')).stdout).toContain('no models yet; run: weir train MODEL --as-of DATE')
  expect((await weir('runs')).stdout).toContain('no runs')
  for (const [args, says] of [
    [['materialize'], 'run: weir ingest DIR --as-of DATE'],
    [['features', '7590-VHVEG'], 'run: weir materialize'],
    [['train', 'streamflow_churn', '--as-of', '2024-01-31'], 'labels'],
    [['predict', 'streamflow_churn', '7590-VHVEG'], 'run: weir promote streamflow_churn VERSION --stage Production'],
  ] as const) {
    const { exit, stderr } = await fails(...args)
    expect(exit).toBe(1)
    expect(stderr).toContain(says)
    expect(stderr).not.toContain('    at ')
  }
})

test('ingest: taken in, nothing new, refused with every finding', async () => {
  const first = await json('ingest', january(), '--as-of', '2024-01-31')
  expect(first.sources.map((s: { rows: number }) => s.rows)).toEqual([300, 300, 300, 300, 300, 300])
  const again = await weir('ingest', january(), '--as-of', '2024-01-31')
  expect(again.stdout).toContain('2024-01-31: nothing new, everything was there already')

  const usage = join(months, 'month_001', 'usage_agg_30d.csv')
  const good = await readFile(usage, 'utf8')
  const lines = good.split('\n')
  lines[3] = lines[3]!.replace(/,[^,]*$/, ',-5')
  lines[5] = lines[5]!.replace(/^([^,]*),[^,]*/, '$1,many')
  await writeFile(usage, lines.join('\n'))
  const refused = await fails('ingest', join(months, 'month_001'), '--as-of', '2024-02-29')
  expect(refused.exit).toBe(1)
  expect(refused.stderr).toContain('delivery of 2024-02-29 refused, nothing was taken: 2 faults in 1 file')
  expect(refused.stderr).toMatch(/usage_agg_30d\.csv, column 'rebuffer_events_7d': .*line 4/)
  expect(refused.stderr).toMatch(/usage_agg_30d\.csv, column 'watch_hours_30d': .*line 6.*'many'/)
  const document = await fails('ingest', join(months, 'month_001'), '--as-of', '2024-02-29', '--json')
  expect(JSON.parse(document.stdout).error).toMatchObject({ code: 'delivery_refused', asOf: expect.any(String) })
  await writeFile(usage, good)
  expect((await weir('ingest', join(months, 'month_001'), '--as-of', '2024-02-29')).stdout).toContain('taken in')
  expect(await json('snapshots', '--source', 'labels')).toHaveLength(2)
})

test('features and training sets, by people and programs', async () => {
  expect((await weir('materialize', '--as-of', '2024-01-31')).stdout).toMatch(/subs_profile_fv\s+2024-01-31\s+300/)
  const features = await json('features', '7590-VHVEG')
  expect(features).toMatchObject({ user_id: '7590-VHVEG', features: { monthly_fee: 29.850000381469727 } })
  const unknown = await fails('features', 'nobody')
  expect(unknown).toMatchObject({ exit: 1, stdout: '' })
  expect(unknown.stderr).toContain("knows user_id 'nobody'")

  const file = join(place.dir, 'january.parquet')
  const set = await json('dataset', 'streamflow_churn', '--as-of', '2024-01-31', '--out', file)
  expect(set).toMatchObject({ rows: 300, immature: 0 })
  expect((await readFile(file)).subarray(0, 4).toString()).toBe('PAR1')
  const misspelt = await fails('dataset', 'streamflow_chrun', '--as-of', '2024-01-31', '--out', file)
  expect(misspelt.stderr).toContain("did you mean 'streamflow_churn'?")
})

test('train, runs, models, promote, predict', async () => {
  const trained = await json('train', 'streamflow_churn', '--as-of', '2024-01-31')
  expect(trained).toMatchObject({ version: 1, rows: 300, features: 14, reused: false })
  const runs = await json('runs', '--filter', 'metrics.val_auc > 0')
  expect(runs.map((run: { run_id: string }) => run.run_id)).toEqual([trained.runId])
  // The names of MLflow's own documents, as other programs read them.
  expect(runs[0]).toMatchObject({
    experiment_id: expect.any(String),
    user_id: expect.any(String),
    start_ms: expect.any(Number),
    end_ms: expect.any(Number),
    lifecycle_stage: 'active',
    metrics: expect.arrayContaining([expect.objectContaining({ key: 'val_auc', timestamp_ms: expect.any(Number) })]),
    inputs: [{ dataset: { source_type: 'weir' } }],
  })
  expect((await fails('runs', '--filter', 'metrics.val_auc >')).stderr).toContain('Invalid clause')
  expect((await fails('runs', '--experiment', 'none')).stderr).toContain("experiment with name 'none'")

  expect((await fails('promote', 'streamflow_churn', '9', '--stage', 'Production')).stderr).toContain(
    'version=9) not found',
  )
  expect((await fails('promote', 'streamflow_churn', '1')).stderr).toContain('name a --stage or an --alias')
  await weir('promote', 'streamflow_churn', '1', '--stage', 'Production', '--alias', 'champion', '--comment', 'first')
  const model = await weir('models', 'streamflow_churn')
  expect(model.stdout).toMatch(/1\s+Production\s+champion/)
  expect(model.stdout).toMatch(/None\s+Production\s+\S+\s+first/)

  const prediction = await json('predict', 'streamflow_churn', '7590-VHVEG')
  expect(prediction).toMatchObject({ user_id: '7590-VHVEG', model: { version: '1', run_id: trained.runId } })
  expect(await json('predict', '7590-VHVEG')).toEqual(prediction)
  const explained = await json('explain', '7590-VHVEG', '7590-VHVEG')
  expect(explained.predictions).toHaveLength(2)
  const { explanation, ...same } = explained.predictions[1]
  expect(same).toEqual(prediction)
  expect(Object.keys(explanation.contributions)).toEqual(Object.keys(prediction.features_used))
  const told = await weir('explain', 'streamflow_churn', '7590-VHVEG')
  expect(told.stdout).toMatch(
    /probability 0\.\d+ = 0\.\d+ without knowing anything[\s\S]*feature +value +adds[\s\S]*months_active/,
  )
  expect((await fails('explain', 'streamflow_churn')).stderr).toContain('weir explain streamflow_churn KEY')
  const unknown = await fails('predict', 'streamflow_churn', 'nobody', '--json')
  expect(JSON.parse(unknown.stdout)).toMatchObject({ error: { code: 'not_found' } })
})

test('gc removes nothing that is not deleted', async () => {
  expect((await weir('gc', '--older-than', '0s')).stdout).toContain('0 runs and 0 experiments removed')
  expect((await fails('gc', '--older-than', 'long')).exit).toBe(2)
})

test('doctor: healthy; a taken port is a warning; what is broken is exit 1', async () => {
  const healthy = await json('doctor', '--port', '0')
  expect(healthy.healthy).toBe(true)
  expect(healthy.findings).toContainEqual({
    part: 'object store',
    state: 'ok',
    says: expect.stringContaining('written, read, listed and deleted'),
  })
  const holder = createServer()
  await new Promise<void>((done) => holder.listen(0, '127.0.0.1', done))
  const { port } = holder.address() as { port: number }
  expect((await weir('doctor', '--port', String(port))).stdout).toContain(`127.0.0.1:${port} is taken`)
  await new Promise((done) => holder.close(done))
  const broken = await fails('doctor', '--database-url', 'postgresql://nobody@127.0.0.1:1/none', '--port', '0')
  expect(broken.exit).toBe(1)
  expect(broken.stdout).toMatch(/broken database/)
})

test('a reader that has seen enough ends a command in silence', async () => {
  const runs = place.start('check', '--json', '--project', project)
  runs.child.stdout?.destroy()
  const { stderr } = await runs.ended
  expect(stderr).toBe('')
})

test('Ctrl-C in the middle of a command leaves nothing running', async () => {
  const train = place.start('train', 'streamflow_churn', '--as-of', '2024-01-31', '--project', project)
  await train.says(/^pin: /m)
  train.child.kill('SIGINT')
  expect((await train.ended).exit).toBe(130)
  await place.serverGone()
})
