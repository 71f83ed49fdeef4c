import { afterAll, beforeAll, expect, it } from 'vitest'
import { instantOfMs } from '../../src/base/instant.ts'
import { normalizeProject } from '../../src/config/normalize.ts'
import { ACTIONS, type Action } from '../../src/identity/audit-actions.ts'
import { verifyTrail } from '../../src/identity/audit-verify.ts'
import { withActor } from '../../src/identity/principal.ts'
import { openServerRig } from '../serving/rig.ts'

/**
 * Every route that changes something, and the row that it leaves in the trail; or why it leaves none. A new route that is
 * not here fails the last test.
 */
const PROJECT = normalizeProject(
  {
    name: 'walked',
    sources: {
      events: {
        kind: 'changes',
        key: 'id',
        eventTime: 'ts',
        columns: { id: 'String', ts: 'UnixTimestamp', fee: 'Float64' },
      },
      people: { key: 'id', file: 'people.csv', columns: { id: 'String', left: 'Bool' } },
    },
    entities: { person: { joinKeys: { id: 'String' } } },
    featureViews: { events: { entity: 'person', source: 'events', features: { fee: 'Float64' } } },
    featureServices: { all: ['events'] },
    labels: { left: { entity: 'person', source: 'people', column: 'left' } },
    models: {
      guarded: {
        ...{ experiment: 'e', features: 'all', label: 'left', learner: { kind: 'random_forest' } },
        promotion: { approvals: 1 },
      },
    },
    alerts: { busy: { metric: 'serving.p99_ms', above: 1 } },
    alertChannels: { log: { file: true } },
    schedules: { daily: { flow: 'materialize', cron: '0 6 * * *', overlap: 'queue' } },
  },
  '/',
)

/** What is data, or words about something that is kept, is no change of what the platform does. */
const DATA = 'data of runs and traces, as they come: thousands a second'
const WORDS = 'tags and descriptions change nothing that answers'
const READS = 'reads'
const BYTES = 'files of runs that nobody has registered yet; those of a version never change'
const PREDICTS = 'predicts'

const NONE: readonly (readonly [RegExp, string])[] = [
  [
    /^POST \/(predict|predict\/batch|invocations|v2\/models\/.*\/infer|models\/[^ ]+\/(predict|predict\/batch|what-if|invocations)|get-online-features)$/,
    PREDICTS,
  ],
  [/ \/(ajax-)?api\/[^ ]*\/(search|search-datasets|batchGetInfos|get-latest-versions|get-history-bulk)$/, READS],
  [/ \/runs\/(search|groups|differences)$/, READS],
  [/^POST \/drift-reports$/, 'compares data and keeps what it found, under the name of whoever asked'],
  [/ \/(ajax-)?api\/[^ ]*mlflow-artifacts|\/upload-artifact$/, BYTES],
  [/ \/(ajax-)?api\/\*$/, 'says that there is no such route'],
  [/ \/(ajax-)?api\/[^ ]*\/runs\/(create|update|log-|set-tag|delete-tag|outputs|inputs)?[^ ]*$/, DATA],
  [/ \/(ajax-)?api\/[^ ]*\/(traces|logged-models|metrics|assessments)/, DATA],
  [/ \/(ajax-)?api\/[^ ]*(set-tag|delete-tag|experiment-tag|set-experiment-tag)$/, WORDS],
  [/^PATCH \/(ajax-)?api\/[^ ]*\/(registered-models|model-versions)\/update$/, WORDS],
]

/** Whose row is looked for by the test of their own room. */
const ELSEWHERE: Record<string, Action> = {
  'POST /tokens': 'token.created',
  'DELETE /tokens/:token': 'token.revoked',
  'POST /sessions': 'session.began',
  'DELETE /sessions/current': 'session.ended',
  'POST /trainings': 'flow.started',
  'POST /storage/collect': 'garbage.collected',
  'POST /flows/:id/cancel': 'flow.cancelled',
  'POST /flows/:id/retry': 'flow.retried',
  'POST /flows/:id/resume': 'flow.resumed',
  'POST /snapshots/:source/:as_of/:version/withdraw': 'snapshot.withdrawn',
  'POST /experiments/:experiment/views': 'view.saved',
  'PUT /experiments/:experiment/views/:view': 'view.saved',
  'DELETE /experiments/:experiment/views/:view': 'view.deleted',
}

let rig: Awaited<ReturnType<typeof openServerRig>>
const walked = new Map<string, string>()
const ANNA = { name: 'anna', kind: 'token', token: 'tk_a', from: null } as const

beforeAll(async () => {
  rig = await openServerRig({ change: (project) => ({ ...PROJECT, dir: project.dir }) })
})
afterAll(() => rig.close())

/** Calls a route and gives its answer; the rows that are new in the trail must be these. */
async function walk(route: string, path: string, body: unknown, actions: Action[], status = 200) {
  const [method = ''] = route.split(' ')
  const [before] = await rig.app.db.query<{ seq: number }>('select seq from identity.audit_head')
  const answer = await rig.send(method, path, JSON.stringify(body))
  expect(answer.status, `${route}: ${answer.text}`).toBe(status)
  const rows = await rig.app.db.query<{ action: Action; actor: string; origin: string }>(
    'select action, actor, origin from identity.audit where seq > $1 order by seq',
    [before?.seq],
  )
  expect(
    rows.map(({ action }) => action),
    route,
  ).toEqual(actions)
  for (const { origin } of rows) expect(origin, route).toBe('127.0.0.1')
  walked.set(route, actions.join())
  return answer.body as Record<string, string>
}

const mlflow = (route: string, body: unknown, actions: Action[], status?: number) => {
  const [method, path] = route.split(' ')
  return walk(`${method} /api/2.0/mlflow/${path}`, `/api/2.0/mlflow/${path}`, body, actions, status)
}

it('what clients of MLflow do to experiments, runs, models and versions leaves its row', async () => {
  const { experiment_id: id = '' } = await mlflow('POST experiments/create', { name: 'walk' }, ['experiment.created'])
  await mlflow('POST experiments/update', { experiment_id: id, new_name: 'walked' }, ['experiment.renamed'])
  await mlflow('POST experiments/delete', { experiment_id: id }, ['experiment.deleted'])
  await mlflow('POST experiments/restore', { experiment_id: id }, ['experiment.restored'])
  const run = await rig.app.tracking.runs.create({ experimentId: id })
  await mlflow('POST runs/delete', { run_id: run.runId }, ['run.deleted'])
  await mlflow('POST runs/restore', { run_id: run.runId }, ['run.restored'])
  await walk('POST /runs/delete', '/runs/delete', { run_ids: [run.runId] }, ['run.deleted'])
  await walk('POST /runs/restore', '/runs/restore', { run_ids: [run.runId] }, ['run.restored'])

  const name = 'free'
  const made = { name, source: `${run.artifactUri}/model`, run_id: run.runId }
  await mlflow('POST registered-models/create', { name }, ['model.created'])
  await mlflow('POST model-versions/create', made, ['version.created'])
  await mlflow('POST model-versions/create', made, ['version.created'])
  const toProduction = { name, version: '1', stage: 'Production', archive_existing_versions: true }
  await mlflow('POST model-versions/transition-stage', toProduction, ['model.stage'])
  await mlflow('POST model-versions/transition-stage', toProduction, [])
  await mlflow('POST model-versions/transition-stage', { ...toProduction, version: '2' }, [
    'model.stage',
    'model.stage',
  ])
  await mlflow('POST registered-models/alias', { name, alias: 'champion', version: '2' }, ['model.alias'])
  await mlflow('DELETE registered-models/alias', { name, alias: 'champion' }, ['model.alias'])
  await mlflow('DELETE model-versions/delete', { name, version: '1' }, ['version.deleted'])
  await mlflow('POST registered-models/rename', { name, new_name: 'freed' }, ['model.renamed'])
  await mlflow('DELETE registered-models/delete', { name: 'freed' }, ['model.deleted'])
})

it('what people do to schedules leaves its row', async () => {
  const said = (name: string) => ['POST', `/schedules/:name/${name}`].join(' ')
  const path = '/schedules/daily'
  await walk(said('pause'), `${path}/pause`, { why: 'audit' }, ['schedule.paused'])
  await walk(said('pause'), `${path}/pause`, {}, [])
  await walk(said('resume'), `${path}/resume`, {}, ['schedule.resumed'])
  await walk(said('resume'), `${path}/resume`, {}, [])
  await walk(said('run'), `${path}/run`, {}, ['schedule.run'], 202)
  const range = { from: '2026-05-01', to: '2026-05-04' }
  await walk(said('backfills'), `${path}/backfills`, { ...range, dry_run: true }, [], 202)
  const made = await walk(said('backfills'), `${path}/backfills`, range, ['schedule.backfilled'], 202)
  const drop = { why: 'not needed' }
  const dropped = `${path}/backfills/${made.backfill}/drop`
  await walk(said('backfills/:id/drop'), dropped, drop, ['schedule.backfill_dropped'])
  expect((await rig.get(`${path}/ticks?backfill=${made.backfill}&limit=2`)).body).toMatchObject({
    ticks: [
      {
        period: '2026-05-03T06:00:00.000000Z',
        state: 'skipped',
        why: expect.stringMatching(/was dropped by .*: not needed/),
      },
      { period: '2026-05-02T06:00:00.000000Z' },
    ],
    next_page_token: expect.any(String),
  })
  expect((await rig.get('/schedules')).body).toMatchObject({
    schedules: [{ name: 'daily', cron: '0 6 * * *', waiting: 1, running: 0, paused: null }],
    leader: null,
  })
  expect((await rig.get(`${path}/backfills`)).body).toMatchObject({
    backfills: [{ periods: 3, waiting: 0, failed: 3 }],
  })
  expect((await rig.get('/schedules/dayly')).status).toBe(404)
})

it('a client of MLflow is told in its form that a promotion waits, and never 200', async () => {
  const { registry, tracking } = rig.app
  const run = await tracking.runs.create({ experimentId: '0' })
  await registry.createModel({ name: 'guarded' })
  for (let i = 0; i < 2; i++) await registry.createVersion({ name: 'guarded', source: `${run.artifactUri}/model` })
  const asked = { name: 'guarded', version: '1', stage: 'Production' }
  const refused = await mlflow('POST model-versions/transition-stage', asked, ['promotion.asked'], 403)
  expect(refused).toMatchObject({
    error_code: 'PERMISSION_DENIED',
    message: expect.stringMatching(/request \d+ waits/),
  })
  const alias = { name: 'guarded', alias: 'champion', version: '1' }
  const other = await mlflow('POST registered-models/alias', alias, ['promotion.asked'], 403)
  expect(other).toMatchObject({ error_code: 'PERMISSION_DENIED' })
  expect((await registry.getModel('guarded')).aliases).toEqual([])
  expect(await registry.inStage('guarded', 'Production')).toBeUndefined()
})

it('what people do about alerts leaves its row', async () => {
  const { db } = rig.app
  const [alert] = await db.query<{ id: number }>(
    `insert into monitoring.alert (rule, series, severity, metric, on_kind, on_name, state, wrong_since, value, threshold, says, next)
     values ('busy', '[]', 'warn', 'serving.p99_ms', 'model', 'guarded', 'open', now(), 2, 1, 'slow', 'look') returning id`,
  )
  await walk('POST /alerts/:id/acknowledge', `/alerts/${alert!.id}/acknowledge`, {}, ['alert.acknowledged'])
  const silence = await walk(
    'POST /alerts/silences',
    '/alerts/silences',
    { rule: 'busy', for: '1h' },
    ['alert.silenced'],
    201,
  )
  await walk('POST /alerts/silences/:id/end', `/alerts/silences/${silence.id}/end`, {}, ['alert.unsilenced'])
  await walk('POST /alerts/channels/:name/try', '/alerts/channels/log/try', {}, ['alert.channel_tried'])
})

it('what our own routes do to models leaves its row', async () => {
  const path = '/models/guarded/promotions'
  const wish = { version: 2, stage: 'Production', reason: 'better' }
  const waiting = await walk('POST /models/:model/promotions', path, wish, ['promotion.asked'], 202)
  const { id } = (waiting as unknown as { request: { id: number } }).request
  const own = await rig.post(`${path}/${id}/accept`, { reason: 'me' })
  expect(own).toMatchObject({ status: 403, body: { detail: expect.stringContaining('one pair of eyes') } })
  await walk('POST /models/:model/promotions/:id/withdraw', `${path}/${id}/withdraw`, { reason: 'no' }, [
    'promotion.withdrawn',
  ])
  const byAnna = (version: number) =>
    withActor(ANNA, () =>
      rig.app.registry.promote(
        { kind: 'stage', name: 'guarded', version, target: 'Production', archiveExisting: true },
        { actor: 'anna', comment: 'hers' },
      ),
    )
  const idOf = async (version: number) => {
    const asked = await byAnna(version)
    return asked.state === 'waiting' ? asked.request.id : 0
  }
  const accept = (request: number, actions: Action[]) =>
    walk('POST /models/:model/promotions/:id/accept', `${path}/${request}/accept`, { reason: 'seen' }, actions)
  await accept(await idOf(1), ['promotion.accepted', 'model.stage'])
  const declined = await idOf(2)
  await walk('POST /models/:model/promotions/:id/decline', `${path}/${declined}/decline`, { reason: 'no' }, [
    'promotion.declined',
  ])
  await accept(await idOf(2), ['promotion.accepted', 'model.stage', 'model.stage'])
  const open = await rig.app.registry.requests({ name: 'guarded', open: true, limit: 10, before: null })
  for (const { id: one } of open) await rig.app.registry.takeBack({ name: 'guarded', id: one, reason: 'again' })
  const arm = { role: 'canary', share: 0.1, reason: 'try it' }
  const wished = await walk('PUT /models/:model/arms/:version', '/models/guarded/arms/1', arm, ['promotion.asked'], 202)
  const { id: canary } = (wished as unknown as { request: { id: number } }).request
  await rig.app.registry.takeBack({ name: 'guarded', id: canary, reason: 'not yet' })
  const shadow = { role: 'shadow', reason: 'to see' }
  await walk('PUT /models/:model/arms/:version', '/models/guarded/arms/1', shadow, ['model.arm'])
  await walk('POST /models/:model/arms/:version/stop', '/models/guarded/arms/1/stop', { reason: 'seen' }, ['model.arm'])
  await walk('POST /models/:model/back', '/models/guarded/back', { reason: 'alarms' }, ['promotion.asked'], 202)
  expect((await rig.get('/models/guarded')).body).toMatchObject({ production: 2, previous: 1, waiting: 1 })
})

it('what is delivered, pushed, written and brought online leaves its row', async () => {
  const ts = instantOfMs(Date.now() - 86_400_000)
  const df = { id: ['a'], ts: [ts], fee: [1] }
  const push = { push_source_name: 'events', df, to: 'online_and_offline' }
  await walk('POST /push', '/push', push, ['delivery.accepted', 'features.pushed'])
  const write = { feature_view_name: 'events', df: { id: ['b'], fee: [2], event_timestamp: [ts] } }
  await walk('POST /write-to-online-store', '/write-to-online-store', write, ['features.pushed'])
  await walk('POST /materialize', '/materialize', {}, ['features.materialized'])
  await walk('POST /push', '/push', { ...push, df: { ...df, id: ['c'] }, to: 'offline' }, ['delivery.accepted'])
  await walk('POST /materialize-incremental', '/materialize-incremental', {}, ['features.materialized'])

  const form = (text: string) => {
    const files = new FormData()
    files.set('people', new Blob([text]), 'people.csv')
    return { method: 'POST', body: files }
  }
  const actions = async () =>
    (await rig.app.db.query<{ action: string }>('select action from identity.audit order by seq desc limit 1'))[0]
      ?.action
  const url = `${rig.url}/deliveries?as_of=2024-01-31&source=people`
  expect((await fetch(url, form('id,left\na,perhaps\n'))).status).toBe(422)
  expect(await actions()).toBe('delivery.refused')
  expect((await fetch(url, form('id,left\na,true\n'))).status).toBe(201)
  expect(await actions()).toBe('delivery.accepted')
  walked.set('POST /deliveries', 'delivery.accepted')
})

it('every changing route of the server leaves a row, or there is a named reason why none', () => {
  const changing = rig.routes
    .filter(({ method }) => !['GET', 'HEAD', 'OPTIONS'].includes(method))
    .map(({ method, path }) => `${method} ${path}`)
  const unknown = changing.filter((route) => {
    const plain = route.replace('/ajax-api/', '/api/').replace('/api/3.0/', '/api/2.0/')
    return !walked.has(plain) && ELSEWHERE[route] === undefined && !NONE.some(([pattern]) => pattern.test(route))
  })
  expect(unknown).toEqual([])
  for (const action of Object.values(ELSEWHERE)) expect(ACTIONS).toHaveProperty([action])
})

it('after all of it the trail is whole', async () => {
  expect((await verifyTrail(rig.app.db)).faults).toEqual([])
})
