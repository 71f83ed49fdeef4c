import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { writeMonths } from '../../src/generator/streamflow.ts'
import { LOSS_MS } from '../../src/predictions/writer.ts'
import { type Command, openPlace } from './weir.ts'

let place: Awaited<ReturnType<typeof openPlace>>
let project: string

beforeAll(async () => {
  place = await openPlace()
  project = await place.project()
  await writeMonths(join(place.dir, 'months'), 1, { customers: 400 })
})
afterAll(() => place.end())

const weir = (...args: string[]) => place.run(...args, '--project', project)
const started = async (command: Command) => (await command.says(/POST (http:\S+)\/predict/))[1]!
const predict = (url: string) =>
  fetch(`${url}/predict`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ user_id: '7590-VHVEG' }),
  })

async function versionAnswers(url: string, version: string): Promise<void> {
  for (;;) {
    const answer = await predict(url)
    const { model } = (await answer.json()) as { model?: { version: string } }
    if (answer.status === 200 && model?.version === version) return
  }
}

test('from an empty home: commands beside a running server, a promotion picked up, kill -9 with no answer lost but those of the last two seconds, and on it goes', async () => {
  const up = place.start('up', '--port', '0', '--project', project)
  const url = await started(up)
  expect((await predict(url)).status).toBe(503)
  await weir('ingest', join(place.dir, 'months/month_000'), '--as-of', '2024-01-31')
  await weir('materialize')
  await weir('train', 'streamflow_churn', '--as-of', '2024-01-31')
  expect((await predict(url)).status).toBe(503)
  await weir('promote', 'streamflow_churn', '1', '--stage', 'Production')
  await versionAnswers(url, '1')

  const asked = await askedUntilKilled(up, url)
  const killedMs = performance.now()
  expect((await up.ended).exit).toBe('SIGKILL')
  await place.serverGone()

  const next = place.start('up', '--port', '0', '--project', project)
  const again = await started(next)
  await versionAnswers(again, '1')
  const bound = asked.filter(({ atMs }) => atMs < killedMs - LOSS_MS)
  expect(bound.length).toBeGreaterThan(0)
  expect(await missing(again, bound)).toEqual([])
  const last = await ask(again)
  next.child.kill('SIGTERM')
  expect((await next.ended).exit).toBe(0)
  await place.serverGone()

  // With `durable` an answer is given when it is recorded: a kill loses none.
  const config = join(project, 'weir.config.ts')
  const text = await readFile(config, 'utf8')
  const durable = text.replace(/experiment: /, 'serving: { log: { durable: true } },\n      experiment: ')
  expect(durable).not.toBe(text)
  await writeFile(config, durable)
  const third = place.start('up', '--port', '0', '--project', project)
  const url3 = await started(third)
  await versionAnswers(url3, '1')
  const all = await askedUntilKilled(third, url3, 300)
  expect((await third.ended).exit).toBe('SIGKILL')
  await place.serverGone()
  await writeFile(config, text)
  const fourth = place.start('up', '--port', '0', '--project', project)
  const url4 = await started(fourth)
  await versionAnswers(url4, '1')
  expect(await missing(url4, [last, ...all])).toEqual([])
  fourth.child.kill('SIGTERM')
  await fourth.ended
  await place.serverGone()
})

type Asked = { id: string; atMs: number }

/** One prediction, and when it was answered. */
async function ask(url: string): Promise<Asked> {
  const answer = await predict(url)
  const { status, headers } = answer
  await answer.arrayBuffer()
  if (status !== 200) throw new Error(`answered ${status}`)
  return { id: headers.get('x-request-id')!, atMs: performance.now() }
}

/** Asks all the time, by four at once, for longer than what a kill may lose, then kills it: what was answered until then. */
async function askedUntilKilled({ child }: Command, url: string, forMs = LOSS_MS + 500): Promise<Asked[]> {
  const asked: Asked[] = []
  const untilMs = performance.now() + forMs
  const askOn = async () => {
    while (performance.now() < untilMs) asked.push(await ask(url))
  }
  await Promise.all(Array.from({ length: 4 }, askOn))
  child.kill('SIGKILL')
  return asked
}

/** Those that the prediction log does not have. */
async function missing(url: string, asked: readonly Asked[]): Promise<string[]> {
  const statuses: string[] = []
  for (const { id } of asked) {
    const answer = await fetch(`${url}/predictions/${encodeURIComponent(id)}`)
    await answer.arrayBuffer()
    if (answer.status !== 200) statuses.push(`${id}: ${answer.status}`)
  }
  return statuses
}

test('server and worker apart share one database; the worker does what a command submits', async () => {
  const serve = place.start('serve', '--port', '0', '--project', project)
  const worker = place.start('worker', '--project', project)
  const url = await started(serve)
  await worker.says(/waiting for flows/)
  await weir('train', 'streamflow_churn', '--as-of', '2024-01-31')
  await weir('promote', 'streamflow_churn', '2', '--stage', 'Production')
  await versionAnswers(url, '2')
  await sameByPageAndCommand(url)
  for (const command of [serve, worker]) {
    command.child.kill('SIGINT')
    expect((await command.ended).exit).toBe(0)
  }
  await place.serverGone()
})

test('a taken port is said in a sentence, with exit 1', async () => {
  const serve = place.start('serve', '--port', '0', '--project', project)
  const { port } = new URL(await started(serve))
  const second = await place.start('serve', '--port', port, '--project', project).ended
  expect(second.exit).toBe(1)
  expect(second.stderr).toContain(`port ${port} on 127.0.0.1 is taken; choose another with --port`)
  serve.child.kill('SIGINT')
  expect((await serve.ended).exit).toBe(0)
})

/** What the page of the time machine is given, and what the command that it shows prints, byte for byte. */
async function sameByPageAndCommand(url: string): Promise<void> {
  const moment = 'valid_at=2024-01-31&limit=20'
  for (const path of [
    `/time/entities/user/rows?key=7590-VHVEG&${moment}`,
    `/time/sources/labels/differences?${moment}&other_valid_at=2024-01-30`,
  ]) {
    const answer = (await (await fetch(url + path)).json()) as { command: string }
    const [, , command = '', ...args] = answer.command.split(' ')
    expect(command).toBe('at')
    expect(JSON.parse((await weir(command, ...args, '--json')).stdout)).toEqual(answer)
  }
}
