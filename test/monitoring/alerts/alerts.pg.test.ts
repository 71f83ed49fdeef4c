import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { openAlertRig } from './rig.ts'

const HOUR = 3_600_000
const DRIFTS = { metric: 'drift.share', above: 0.3, coolDown: '0s' }

let rig: Awaited<ReturnType<typeof openAlertRig>>
beforeEach(async () => {
  rig = await openAlertRig()
})
afterEach(() => rig.close())

const open = (alerts: ReturnType<typeof rig.make>) =>
  alerts.list({ state: 'open', rule: null, before: null, limit: 100 })
const all = (alerts: ReturnType<typeof rig.make>) => alerts.list({ state: 'all', rule: null, before: null, limit: 100 })

describe('a rule', () => {
  it('opens an alert, says what to do, is told once, and once more when it is over', async () => {
    const alerts = rig.make({ drifts: DRIFTS })
    await rig.measure({ value: 0.5, version: 3 })
    await alerts.look()
    rig.forward(HOUR)
    await alerts.look()
    expect(await open(alerts)).toMatchObject([
      { rule: 'drifts', onName: 'churn', version: 3, value: 0.5, threshold: 0.3, state: 'open' },
    ])
    expect((await rig.told()).map(({ event }) => event)).toEqual(['opened'])
    expect((await rig.told())[0]).toMatchObject({ rule: 'drifts', next: expect.stringContaining('weir drift') })

    await rig.measure({ value: 0.1, version: 4 })
    await alerts.look()
    expect(await open(alerts)).toEqual([])
    expect(await all(alerts)).toMatchObject([{ state: 'over', value: 0.5 }])
    expect((await rig.told()).map(({ event }) => event)).toEqual(['opened', 'over'])
    expect(rig.heard).toEqual([{ type: 'alert' }, { type: 'alert' }])
  })

  it('of two models and of each column has an alert each, and one message names them all', async () => {
    const alerts = rig.make({ columns: { metric: 'drift.column', above: 0.2 } })
    const of = (name: string, part: string, value: number) => ({
      metric: 'drift.column',
      on: { kind: 'model' as const, name },
      part,
      value,
    })
    await rig.measure(of('churn', 'plan', 0.3), of('churn', 'fee', 0.1), of('spend', 'plan', 0.4))
    await alerts.look()
    expect((await open(alerts)).map(({ onName, part }) => [onName, part]).sort()).toEqual([
      ['churn', 'plan'],
      ['spend', 'plan'],
    ])
    expect(await rig.told()).toMatchObject([{ count: 2 }])
  })

  it('of one model, column or arm looks at no other', async () => {
    const alerts = rig.make({
      one: { metric: 'drift.column', above: 0.2, of: { model: 'churn' }, part: 'plan' },
      arm: { metric: 'canary.error_share', above: 0.05, arm: 'canary' },
    })
    const column = { metric: 'drift.column', value: 0.9 }
    await rig.measure({ ...column, part: 'fee' }, { ...column, part: 'plan', on: { kind: 'model', name: 'spend' } })
    await rig.measure({ metric: 'canary.error_share', value: 0.9, arm: 'champion' })
    await alerts.look()
    expect(await open(alerts)).toEqual([])
    await rig.measure({ ...column, part: 'plan' }, { metric: 'canary.error_share', value: 0.9, arm: 'canary' })
    await alerts.look()
    expect((await open(alerts)).map(({ rule }) => rule).sort()).toEqual(['arm', 'one'])
  })

  it('must be wrong for as long as it says before it is open', async () => {
    const alerts = rig.make({ slow: { ...DRIFTS, for: '1h' } })
    await rig.measure({ value: 0.5 })
    await alerts.look()
    rig.forward(HOUR - 1)
    await alerts.look()
    expect([await open(alerts), await rig.told()]).toEqual([[], []])
    rig.forward(1)
    await alerts.look()
    expect((await rig.told()).map(({ event }) => event)).toEqual(['opened'])
  })

  it('that was well before that time goes without a word', async () => {
    const alerts = rig.make({ slow: { ...DRIFTS, for: '1h' } })
    await rig.measure({ value: 0.5 })
    await alerts.look()
    await rig.measure({ value: 0.1 })
    await alerts.look()
    rig.forward(2 * HOUR)
    await alerts.look()
    expect([await all(alerts), await rig.told()]).toEqual([[], []])
  })

  it('that comes and goes within its cool-down is told once', async () => {
    const alerts = rig.make({ drifts: { ...DRIFTS, coolDown: '1d' } })
    for (const value of [0.5, 0.1, 0.6, 0.1]) {
      rig.forward(HOUR)
      await rig.measure({ value })
      await alerts.look()
    }
    expect((await rig.told()).map(({ event }) => event)).toEqual(['opened', 'over'])
    rig.forward(24 * HOUR)
    await rig.measure({ value: 0.7 })
    await alerts.look()
    expect((await rig.told()).map(({ event }) => event)).toEqual(['opened', 'over', 'opened'])
  })

  it('keeps its alert while a figure is missing or too old to say anything', async () => {
    const alerts = rig.make({ drifts: { ...DRIFTS, window: '2d' } })
    await rig.measure({ value: 0.5 })
    await alerts.look()
    await rig.measure({ value: null })
    await alerts.look()
    rig.forward(72 * HOUR)
    await alerts.look()
    expect(await open(alerts)).toHaveLength(1)
  })

  it('that the project has no more is over', async () => {
    await rig.measure({ value: 0.5 })
    await rig.make({ drifts: DRIFTS }).look()
    const later = rig.make({ others: { ...DRIFTS, above: 0.9 } })
    await later.look()
    expect(await all(later)).toMatchObject([{ rule: 'drifts', state: 'over' }])
  })

  it('of a history learns from the figures before, by moment, as they are known now', async () => {
    const alerts = rig.make({
      odd: { metric: 'quality.auc', history: { periods: 6, least: 4, sigmas: 3, side: 'below' } },
    })
    const at = (days: number) => new Date(Date.UTC(2024, 0, days)).toISOString().replace('.000Z', '.000000Z')
    const auc = (days: number, value: number) => ({ metric: 'quality.auc', at: at(days), value })
    // The second was measured again: only its later figure counts.
    await rig.measure(auc(1, 0.8), auc(2, 0.1), auc(2, 0.81), auc(3, 0.79), auc(4, 0.8), auc(5, 0.79))
    await alerts.look()
    expect(await open(alerts)).toEqual([])
    await rig.measure(auc(6, 0.7))
    await alerts.look()
    expect(await open(alerts)).toMatchObject([{ value: 0.7, onName: 'churn' }])
  })
})

describe('what is not recorded', () => {
  it('is asked at each look; one rule that cannot be looked at keeps nobody from the others', async () => {
    const failed = { now: 0 }
    const project = { kind: 'project' as const, name: 'project' }
    const alerts = rig.make(
      {
        broken: { metric: 'view.age_hours', above: 1 },
        flows: { metric: 'flows.failed', above: 0, window: '1d', coolDown: '0s' },
      },
      {
        probes: {
          'view.age_hours': () => Promise.reject(new Error('away')),
          'flows.failed': async () => [{ on: project, value: failed.now }],
        },
      },
    )
    await alerts.look()
    failed.now = 2
    await alerts.look()
    expect(await open(alerts)).toMatchObject([{ rule: 'flows', value: 2, onKind: 'project' }])
    failed.now = 0
    await alerts.look()
    expect(await open(alerts)).toEqual([])
  })
})

describe('people', () => {
  it('acknowledge an alert: it stays open, the trail says who; one that is over is refused, and one that is not there', async () => {
    const alerts = rig.make({ drifts: DRIFTS })
    await rig.measure({ value: 0.5 })
    await alerts.look()
    const { id } = (await open(alerts))[0]!
    expect(await alerts.acknowledge(id, 'a new plan')).toMatchObject({ state: 'open', acknowledgedWhy: 'a new plan' })
    expect(await rig.db.query('select action, on_name, why from identity.audit')).toEqual([
      { action: 'alert.acknowledged', on_name: `drifts/${id}`, why: 'a new plan' },
    ])
    await rig.measure({ value: 0 })
    await alerts.look()
    await expect(alerts.acknowledge(id, null)).rejects.toMatchObject({ code: 'conflict' })
    await expect(alerts.acknowledge(999, null)).rejects.toMatchObject({ code: 'not_found' })
  })

  it('silence a rule: nobody is told; when the silence is over and it is still wrong, somebody is', async () => {
    const alerts = rig.make({ drifts: DRIFTS, others: { ...DRIFTS, metric: 'drift.label' } })
    await alerts.silence({ rule: 'drifts', lasts: '2h', why: null })
    await rig.measure({ value: 0.5 }, { metric: 'drift.label', value: 0.5 })
    await alerts.look()
    expect((await rig.told()).map(({ rule }) => rule)).toEqual(['others'])
    expect(await open(alerts)).toHaveLength(2)
    rig.forward(2 * HOUR)
    await alerts.look()
    expect((await rig.told()).map(({ rule }) => rule)).toEqual(['others', 'drifts'])
  })

  it('end a silence; silence all rules; a rule or a time that is none is refused by name', async () => {
    const alerts = rig.make({ drifts: DRIFTS })
    const { id } = await alerts.silence({ rule: null, lasts: '7d', why: 'we move' })
    await rig.measure({ value: 0.5 })
    await alerts.look()
    expect(await rig.told()).toEqual([])
    await alerts.unsilence(id)
    await alerts.look()
    expect(await rig.told()).toHaveLength(1)
    await expect(alerts.unsilence(id)).rejects.toMatchObject({ code: 'not_found' })
    await expect(alerts.silence({ rule: 'drift', lasts: '1h', why: null })).rejects.toThrow(/'drift'.*drifts/)
    await expect(alerts.silence({ rule: null, lasts: 'long', why: null })).rejects.toThrow(/'long'/)
    await expect(alerts.silence({ rule: null, lasts: '9999d', why: null })).rejects.toThrow(/366d/)
  })
})

it('without rules one look ends what those of before left open; from then on nobody looks', async () => {
  await rig.measure({ value: 0.5 })
  await rig.make({ drifts: DRIFTS }).look()
  rig.forward(HOUR)
  const lookedAt = () => rig.db.query('select looked_at from monitoring.alert_turn')
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  try {
    const alerts = rig.make({})
    const stop = alerts.follow()
    vi.advanceTimersByTime(10_000)
    while ((await open(alerts)).length > 0);
    await vi.waitFor(async () => expect(await all(alerts)).toMatchObject([{ rule: 'drifts', state: 'over' }]))
    const before = await lookedAt()
    rig.forward(HOUR)
    // A turn that is still under way is not joined by another.
    for (let turns = 0; turns < 5; turns++) {
      vi.advanceTimersByTime(10_000)
      await rig.db.query('select 1')
    }
    await stop()
    expect(await lookedAt()).toEqual(before)
  } finally {
    vi.useRealTimers()
  }
})
