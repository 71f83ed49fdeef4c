import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { writeMonths } from '../../src/generator/streamflow.ts'
import { type TestDatabase, testDatabase } from '../helpers/pg.ts'
import { haveRedis, startRedis } from '../helpers/redis.ts'
import { hasS3, type S3Server, startS3 } from '../helpers/s3.ts'
import { type Command, openPlace } from './weir.ts'

/** Two hosts with homes of their own; PostgreSQL, S3 and Redis are shared. */
const can = hasS3 && haveRedis()
let s3: S3Server
let redis: Awaited<ReturnType<typeof startRedis>>
let database: TestDatabase
let a: Awaited<ReturnType<typeof openPlace>>
let b: Awaited<ReturnType<typeof openPlace>>

beforeAll(async () => {
  if (!can) return
  s3 = await startS3()
  redis = await startRedis()
  database = await testDatabase()
  const env = {
    ...s3.env,
    DATABASE_URL: database.url,
    WEIR_OBJECTS: `s3://${await s3.newBucket()}/weir`,
    WEIR_ONLINE: redis.url,
    WEIR_PORT: '0',
  }
  a = await openPlace(env)
  b = await openPlace(env)
}, 120_000)
afterAll(async () => {
  await a?.end()
  await b?.end()
  await database?.drop()
  await redis?.stop()
  await s3?.stop()
})

test.skipIf(!can)(
  'X12, X13: ingest on one host, materialize and train on the other, predict on both; one is killed, the other goes on',
  async () => {
    const project = await a.project()
    const data = join(a.dir, 'data')
    await writeMonths(data, 1)
    const on = (place: typeof a, ...args: string[]) => place.run(...args, '--project', project, '--json')
    await on(a, 'ingest', join(data, 'month_000'), '--as-of', '2024-01-31')
    const done = JSON.parse((await on(b, 'materialize', '--as-of', '2024-01-31')).stdout) as { outcome: string }[]
    expect(done.map((view) => view.outcome)).toEqual(done.map(() => 'materialized'))
    await on(b, 'train', 'streamflow_churn', '--as-of', '2024-01-31')

    const [first, second] = [a.start('serve', '--project', project), b.start('serve', '--project', project)]
    const urls = await Promise.all([urlOf(first), urlOf(second)])
    expect((await Promise.all(urls.map(predict))).map(({ status }) => status)).toEqual([503, 503])
    await on(a, 'promote', 'streamflow_churn', '1', '--stage', 'Production')
    for (const url of urls) await expect.poll(async () => (await predict(url)).status, { timeout: 30_000 }).toBe(200)
    const [here, there] = await Promise.all(urls.map(predict))
    expect(here).toEqual(there)

    second.child.kill('SIGKILL')
    await second.ended
    expect(await predict(urls[0])).toEqual(here)
    expect((await fetch(`${urls[0]}/ready`)).status).toBe(200)
    // What Redis lost is told on the host that is left, and brought again from the lake by it.
    await redis.stop()
    redis = await startRedis(Number(new URL(redis.url).port))
    await expect.poll(async () => (await predict(urls[0])).text, { timeout: 30_000 }).toContain('lost values')
    await on(a, 'materialize', '--as-of', '2024-01-31')
    expect(await predict(urls[0])).toEqual(here)
    first.child.kill('SIGTERM')
    expect((await first.ended).exit).toBe(0)
  },
  300_000,
)

async function urlOf(server: Command): Promise<string> {
  return (await server.says(/POST (http:\S+)\/predict/))[1] ?? ''
}

async function predict(url: string): Promise<{ status: number; text: string }> {
  const body = JSON.stringify({ user_id: '7590-VHVEG' })
  const answer = await fetch(`${url}/predict`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  })
  return { status: answer.status, text: await answer.text() }
}
