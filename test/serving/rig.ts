import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createApp } from '../../src/app.ts'
import { systemClock } from '../../src/base/clock.ts'
import { silentLog } from '../../src/base/log.ts'
import type { Project } from '../../src/config/project.ts'
import { readSettings } from '../../src/config/settings.ts'
import type { Sql } from '../../src/db/sql.ts'
import { startServer } from '../../src/server.ts'
import { loadStreamflow } from '../features/real-data.ts'
import { answersAsDocumented, openapiOf } from '../helpers/openapi.ts'
import { testDatabase } from '../helpers/pg.ts'
import { someMonths } from '../helpers/real-data.ts'

export const MODEL = 'streamflow_churn'

export type Answer = { status: number; type: string; body: Record<string, unknown>; text: string }

/**
 * The whole server of the reference project on a port of its own, with a small forest unless told otherwise. Every answer
 * is compared with what the server's document says of it.
 */
export async function openServerRig({
  trees = 30,
  tracking = null,
  change = (project) => project,
  env: more = {},
}: {
  trees?: number
  tracking?: string | null
  change?: (project: Project) => Project
  env?: Record<string, string>
} = {}) {
  const database = await testDatabase()
  const home = await mkdtemp(join(tmpdir(), 'weir-serving-'))
  const loaded = await loadStreamflow()
  const models = loaded.models.map((model) => ({ ...model, learner: { ...model.learner, trees } }))
  const env = { DATABASE_URL: database.url, WEIR_HOME: home, WEIR_PORT: '0', ...more }
  const settings = readSettings({ flags: {}, env, projectDir: home })
  const app = await createApp({
    settings,
    project: change({ ...loaded, models, tracking }),
    clock: systemClock,
    log: silentLog,
  })
  const server = await startServer(app)
  const asDocumented = answersAsDocumented(await openapiOf(server.url, settings.token))

  async function send(method: string, path: string, body?: string | Uint8Array, type = 'application/json') {
    const headers: Record<string, string> = body === undefined ? {} : { 'content-type': type }
    const answer = await fetch(server.url + path, { method, headers, ...(body === undefined ? {} : { body }) })
    const text = await answer.text()
    const contentType = answer.headers.get('content-type') ?? ''
    asDocumented(method, path, answer.status, contentType, text)
    const json = contentType.includes('json') ? (JSON.parse(text) as Record<string, unknown>) : {}
    return { status: answer.status, type: contentType, body: json, text } satisfies Answer
  }
  const predict = (body: unknown): Promise<Answer> => send('POST', '/predict', JSON.stringify(body))

  /** Asks until the answer is as wanted; the change comes by a notification. */
  async function until(
    wanted: (answer: Answer) => boolean,
    body: unknown = { user_id: '7590-VHVEG' },
  ): Promise<Answer> {
    for (;;) {
      const answer = await predict(body)
      if (wanted(answer)) return answer
    }
  }

  return {
    app,
    url: server.url,
    routes: server.routes,
    asDocumented,
    months: await someMonths(join(home, 'months')),
    get: (path: string) => send('GET', path),
    post: (path: string, body: unknown) => send('POST', path, JSON.stringify(body)),
    send,
    predict,
    until,
    train: () => app.trainBaseline({ model: MODEL, asOf: '2024-01-31' }),
    promote: (version: number, stage: 'Production' | 'Archived' = 'Production') =>
      app.mlflow.registry.transition({
        name: MODEL,
        version,
        stage,
        archiveExisting: stage === 'Production',
        actor: 'test',
      }),
    async close() {
      await server.close()
      await app.close()
      await database.drop()
      await rm(home, { recursive: true, force: true })
    },
  }
}

/** The online table of the view with the subscriptions, for SQL. */
export async function onlineTable(sql: Sql): Promise<string> {
  const [row] = await sql.query<{ table_name: string }>(
    "select table_name from features.online_table where view = 'subs_profile_fv'",
  )
  return `online."${row?.table_name}"`
}
