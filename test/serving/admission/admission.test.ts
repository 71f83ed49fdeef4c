import { describe, expect, it } from 'vitest'
import {
  AT_ONCE,
  createAdmission,
  LOOK_MS,
  type Refusal,
  type Ticket,
} from '../../../src/serving/admission/admission.ts'

type Asked = { ticket: Ticket; told: (Refusal | 'begun')[]; caller: string; model: string }

/** An admission on a clock of the test's own. `capacity`: requests that are answered in one look. */
function rig() {
  let now = 0
  const turns: boolean[] = []
  const admission = createAdmission(() => now, { overloaded: (is) => turns.push(is) })
  const asked: Asked[] = []
  const ask = (more: Partial<Parameters<typeof admission.ask>[0]> = {}): Asked => {
    const told: Asked['told'] = []
    const full = { model: 'm', caller: 'c', rows: 1, deadlineMs: 60_000, from: {}, ...more }
    const ticket = admission.ask(full, (refusal) => told.push(refusal ?? 'begun'))
    const one = { ticket, told, caller: full.caller, model: full.model }
    asked.push(one)
    open.push(one)
    return one
  }
  let open: Asked[] = []
  const working = () => {
    open = open.filter(({ ticket }) => ticket.state !== 'over')
    return open.filter(({ ticket }) => ticket.state === 'working')
  }
  return {
    admission,
    ask,
    asked,
    working,
    turns,
    /** The oldest that are worked on are answered. */
    answer(count: number) {
      for (const { ticket } of working().slice(0, count)) admission.leave(ticket)
    },
    pass(ms: number) {
      now += ms
      admission.look()
    },
  }
}

const many = (count: number, ask: (i: number) => Asked) => Array.from({ length: count }, (_, i) => ask(i))
const ends = (asked: Asked[]) => asked.map(({ told }) => told[0] ?? 'waits')
const count = (asked: Asked[], what: string) => ends(asked).filter((end) => end === what).length

/** Connections that ask again at once, whatever they are told, while `perLook` requests are answered in a look. */
function overload(r: ReturnType<typeof rig>, connections: number, perLook: number, looks: number) {
  const froms = Array.from({ length: connections }, () => ({}))
  const under = new Map<object, Asked>()
  const ended: { state: string; waitedLooks: number }[] = []
  const since = new Map<object, number>()
  for (let look = 0; look < looks; look++) {
    r.answer(perLook)
    for (const from of froms) {
      const before = under.get(from)
      if (before && before.ticket.state !== 'over') continue
      if (before) ended.push({ state: before.told[0] ?? 'none', waitedLooks: look - since.get(from)! })
      since.set(from, look)
      under.set(from, r.ask({ from }))
    }
    r.pass(LOOK_MS)
  }
  return ended
}

describe('admission', () => {
  it('No more is worked on at once than keeps the machine busy; what waits is bounded', () => {
    const r = rig()
    const asked = many(1_000, () => r.ask())
    expect([count(asked, 'begun'), count(asked, 'waits'), count(asked, 'full')]).toEqual([64, 64, 872])
    r.answer(10)
    expect([count(asked, 'begun'), count(asked, 'waits')]).toEqual([74, 54])
  })

  it('what waits is bounded by what is done in WAIT_MS, as measured', () => {
    const r = rig()
    many(128, () => r.ask())
    for (let look = 0; look < 40; look++) {
      r.pass(LOOK_MS)
      r.answer(Math.min(400, r.working().length))
      while (r.admission.state().waiting < 60) r.ask()
      for (let more = 0; more < 6; more++) {
        r.answer(60)
        while (r.admission.state().waiting < 60) r.ask()
      }
    }
    const { perSecond } = r.admission.state()
    expect(perSecond).toBeGreaterThan(7_000)
    r.asked.splice(0)
    many(1_000, () => r.ask())
    expect(r.admission.state().waiting).toBe(Math.ceil((perSecond! * 25) / 1000))
  })

  it('An overload that lasts is refused until little waits, so that what is admitted is answered as if there were no overload', () => {
    const r = rig()
    const ended = overload(r, 640, 20, 60)
    expect(r.turns).toEqual([true])
    // 20 in a look of 50 ms are 2 in BRIEF_MS: so little is at work, and waits, that a look answers all of it.
    const late = ended.filter(({ state }) => state === 'begun').slice(-200)
    expect(Math.max(...late.map(({ waitedLooks }) => waitedLooks))).toBeLessThanOrEqual(2)
    expect(r.admission.state().working).toBeLessThanOrEqual(32)
  })

  it('A burst waits and is no overload', () => {
    const r = rig()
    const asked = many(128, () => r.ask())
    for (let look = 0; look < 20; look++) {
      r.answer(20)
      r.pass(LOOK_MS)
    }
    expect(count(asked, 'begun')).toBe(128)
    expect(r.turns).toEqual([])
  })

  it('So few connections as may be worked on at once are never refused, also right after an overload', () => {
    const r = rig()
    overload(r, 640, 20, 60)
    r.answer(1_000)
    overload(r, AT_ONCE, 20, 25)
    expect(r.turns).toEqual([true, false])
    const ended = overload(r, AT_ONCE, 20, 40)
    expect(ended.filter(({ state }) => state === 'full')).toEqual([])
    const batches = rig()
    expect(
      count(
        many(AT_ONCE, () => batches.ask({ rows: 1_000 })),
        'full',
      ),
    ).toBe(0)
  })

  it('Whoever waits or is worked on longer than the deadline is refused', () => {
    const r = rig()
    const begun = many(64, () => r.ask({ deadlineMs: 100 }))
    const waits = many(30, () => r.ask({ deadlineMs: 100 }))
    const patient = r.ask({ deadlineMs: 10_000 })
    let late = 0
    for (const { ticket } of begun) ticket.late = () => late++
    r.pass(99)
    expect([late, count(waits, 'late')]).toEqual([0, 0])
    r.pass(1)
    expect([late, count(waits, 'late'), patient.told]).toEqual([64, 30, []])
    r.pass(1)
    expect(late).toBe(64)
  })

  it('A batch counts by its rows', () => {
    const r = rig()
    const batch = r.ask({ rows: 1 })
    r.admission.weigh(batch.ticket, 1_000)
    expect(r.ask().told).toEqual([])
    r.admission.leave(batch.ticket)
    expect(count(r.asked, 'begun')).toBe(2)
  })

  it('A model, or a caller, that asks for much takes no turn from another that asks for little', () => {
    for (const other of [{ model: 'other' }, { caller: 'other' }]) {
      const r = rig()
      const greedy = many(128, () => r.ask())
      expect(count(greedy, 'full')).toBe(0)
      const little = many(3, () => r.ask(other))
      // Its place in the queue is taken from whoever has most of it, and its turn is the next one.
      expect([count(little, 'full'), count(greedy, 'full')]).toEqual([0, 3])
      r.answer(6)
      expect(count(little, 'begun')).toBe(3)
      expect(count(greedy, 'begun')).toBe(64 + 3)
    }
  })

  it('two models that both ask for much have as many turns, whatever number of callers each has', () => {
    const r = rig()
    many(64, () => r.ask())
    const a = many(40, (i) => r.ask({ model: 'a', caller: `caller ${i}` }))
    const b = many(40, () => r.ask({ model: 'b', caller: 'one' }))
    r.answer(40)
    expect([count(a, 'begun'), count(b, 'begun')]).toEqual([20, 20])
  })

  it('callers that go while they wait, or are worked on, leave their place', () => {
    const r = rig()
    const asked = many(100, () => r.ask())
    for (const { ticket } of asked) r.admission.leave(ticket)
    for (const { ticket } of asked) r.admission.leave(ticket)
    expect(r.admission.state()).toMatchObject({ working: 0, waiting: 0 })
    expect(r.ask().told).toEqual(['begun'])
  })
})
