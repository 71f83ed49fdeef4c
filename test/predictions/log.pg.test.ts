import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { atWork } from '../../src/db/pulse.ts'
import type { LoggedAnswer } from '../../src/predictions/answer.ts'
import { AT, answer, openRig } from './rig.ts'

let rig: Awaited<ReturnType<typeof openRig>>
beforeAll(async () => {
  rig = await openRig()
})
afterAll(() => rig.close())

async function all(log: ReturnType<typeof rig.logOf>, filter = {}): Promise<LoggedAnswer[]> {
  const answers: LoggedAnswer[] = []
  for await (const page of log.read(filter)) answers.push(...page)
  return answers
}

describe('the prediction log', () => {
  it('gives back what was answered, every digit and sign of it', async () => {
    const log = rig.logOf()
    const given = [
      answer(),
      answer({
        keys: ['u"2\\{,}'],
        values: [null, '', false, null, -1e-300],
        statuses: ['NULL_VALUE', 'PRESENT', 'PRESENT', 'NOT_FOUND', 'OUTSIDE_MAX_AGE'],
        featureTimes: ['2024-01-31T00:00:00.000000Z', null, null, null, '2024-02-01T00:00:00.000000Z'],
        said: {
          prediction: 'no',
          probability: 0.25,
          probabilities: [
            ['no', 0.75],
            ['yes', 0.25],
          ],
        },
        score: 0.25,
        requestId: 'a\tb',
        atMs: AT + 1,
      }),
      answer({
        keys: ['u3'],
        values: [],
        statuses: [],
        featureTimes: [],
        said: null,
        score: null,
        error: 'not_found',
        requestId: null,
        atMs: AT + 2,
        arm: 'canary',
      }),
      answer({
        model: 'seat',
        version: '7',
        keys: ['A', 9007199254740993n],
        values: [12.5],
        statuses: ['PRESENT'],
        featureTimes: [null],
        atMs: AT + 3,
        returned: false,
        arm: 'shadow',
      }),
    ]
    log.append(given)
    await log.close()
    const back = await all(log)
    expect(back.map(({ id, at, recordedAt, shape, ...rest }) => ({ ...rest, atMs: Date.parse(at) }))).toEqual(given)
    expect(back[0]!.shape.features.map(({ name, type, view }) => [name, type, view])).toEqual([
      ['n', 'Int64', 'state'],
      ['note', 'String', 'state'],
      ['ok', 'Bool', 'state'],
      ['at', 'UnixTimestamp', 'state'],
      ['v', 'Float64', 'more'],
    ])
  })

  it('gives a window as typed columns, of more rows than any chunk', () =>
    atWork(async () => {
      const log = rig.logOf()
      const model = 'upsell'
      const row = (i: number) =>
        answer({
          model,
          keys: [`k${i}`],
          values: [i / 4],
          statuses: ['PRESENT'],
          featureTimes: ['2024-01-31T00:00:00.000000Z'],
          score: i / 1e6,
          atMs: AT + i,
          version: i % 2 ? '1' : '2',
        })
      for (let from = 0; from < 70_000; from += 7_000) {
        log.append(Array.from({ length: 7_000 }, (_, i) => row(from + i)))
        expect(await log.flush()).toBe(true)
      }
      log.append([
        answer({ ...row(1), said: null, score: null, error: 'not_found' }),
        answer({ ...row(2), returned: false, arm: 'shadow' }),
      ])
      await log.close()
      await rig.duck.session(async (duck) => {
        const window = { model, from: new Date(AT).toISOString(), to: new Date(AT + 69_000).toISOString() }
        expect(await log.table(duck, 'answers', window)).toMatchObject({ rows: 69_000 })
        const [sums] = await duck.rows(
          `select count(*)::int as n, count(distinct answer_id)::int as ids, sum(v) as v, sum(score) as score, min(id) as id, typeof(any_value(answered_at)) as typed from answers`,
        )
        expect(sums).toEqual({
          n: 69_000,
          ids: 69_000,
          v: (68_999 * 69_000) / 8,
          score: expect.closeTo(2380.4655, 3),
          id: 'k0',
          typed: 'TIMESTAMP WITH TIME ZONE',
        })
        expect((await log.table(duck, 'answers', { ...window, version: '2' })).rows).toBe(34_500)
        expect((await log.table(duck, 'answers', { ...window, arm: 'shadow' })).rows).toBe(1)
        expect((await log.table(duck, 'answers', { ...window, knownAt: '2000-01-01T00:00:00.000000Z' })).rows).toBe(0)
      })
      expect((await all(log, { model })).length).toBe(70_002)
      expect(await log.counts({ model })).toMatchObject([
        { version: '2', arm: 'champion', answers: 35_000 },
        { version: '1', arm: 'champion', answers: 35_000, refusals: 1 },
        { arm: 'shadow', answers: 1 },
      ])
    }))

  it('gives integers beyond 2^53, moments and texts to DuckDB as they are', async () => {
    const log = rig.logOf()
    log.append([answer({ atMs: Date.UTC(2024, 6, 1) })])
    await log.close()
    await rig.duck.session(async (duck) => {
      const { rows } = await log.table(duck, 'a', {
        model: 'churn',
        from: '2024-07-01T00:00:00.000000Z',
        to: '2024-08-01T00:00:00.000000Z',
      })
      expect(rows).toBe(1)
      expect(
        await duck.rows('select id, n, note, ok, "at"::varchar as "at", v, prediction, version, arm, score from a'),
      ).toEqual([
        {
          id: 'u1',
          n: 9007199254740993n,
          note: answer().values[1],
          ok: true,
          at: '2024-01-31 00:00:00.000001+00',
          v: 0.1,
          prediction: '1',
          version: '1',
          arm: 'champion',
          score: 0.75,
        },
      ])
    })
  })
})
