import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { FlowRun } from '../../src/flows/flow.ts'
import { ASKED, bytesWith, openRig, PROJECT, type Rig } from './rig.ts'

let rig: Rig
let rooms: ReturnType<Rig['roomsOf']>

beforeEach(async () => {
  rig = await openRig()
  rooms = rig.roomsOf(PROJECT)
})
afterEach(() => rig.close())

const NAMES = Array.from({ length: 6 }, (_, i) => `PERSON-${i}-x`)

async function fill(): Promise<void> {
  const month = '2024-01-31'
  await rig.deliver(
    rooms,
    'state',
    month,
    NAMES.map((id, n) => ({ id, n, note: `note of ${id}` })),
  )
  await rig.deliver(
    rooms,
    'labels',
    month,
    NAMES.map((id, i) => ({ id, y: i % 2 === 0 })),
  )
  await rig.deliver(
    rooms,
    'orders',
    month,
    NAMES.map((id, i) => ({ order_id: i, id, amount: i })),
  )
  await rig.deliver(
    rooms,
    'events',
    month,
    NAMES.map((who, v) => ({ who, ts: month, v, gone: false })),
  )
  await rooms.features.materialize()
}

/** Steps as the engine has them: a result that was recorded is recalled. The one named dies when its work is done. */
function dyingIn(name: string, recorded: Map<string, unknown>): FlowRun['step'] {
  return async (step, body) => {
    if (recorded.has(step)) return recorded.get(step) as never
    const result = await body()
    if (step === name) throw new Error(`killed in ${name}`)
    recorded.set(step, result)
    return result
  }
}

const STEPS = [
  ...['wait for what is under way', 'find what came from it', 'lake', 'training sets', 'live values', 'statistics'],
  ...[
    'deliveries',
    'traces',
    'runs',
    'files',
    'bring orders again',
    'hosts',
    'look again',
    'tables',
    'finish',
    'pages',
  ],
]

describe('a request that is interrupted', () => {
  test('B3: goes on where it stood, in whichever step it died', async () => {
    await fill()
    const [key = '', other = ''] = NAMES
    const recorded = new Map<string, unknown>()
    const id = await rooms.erasure.request({ entity: 'user', key, ...ASKED })
    for (const name of STEPS) {
      await expect(rooms.erasure.run(id, dyingIn(name, recorded))).rejects.toThrow(`killed in ${name}`)
    }
    await rooms.erasure.run(id, dyingIn('', recorded))
    expect(await rooms.erasure.find('user', key)).toEqual([])
    // Asked again, nothing is recalled of what was done.
    for (const name of ['lake', 'training sets', 'live values', 'look again']) {
      const again = await rooms.erasure.request({ entity: 'user', key: other, ...ASKED })
      await expect(rooms.erasure.run(again, dyingIn(name, new Map()))).rejects.toThrow(`killed in ${name}`)
    }
    const last = await rooms.erasure.request({ entity: 'user', key: other, ...ASKED })
    await rooms.erasure.run(last, dyingIn('', new Map()))
    expect(await bytesWith(rig, [key, other])).toEqual([])
    expect((await rooms.features.readOnline('all', NAMES)).map((r) => r.found)).toEqual(NAMES.map((_, i) => i >= 2))
    expect(await rig.db.query('select 1 from erasure.request where key is not null')).toEqual([])
  })

  test('B3: killed between the record and the old file, or with files written and none recorded: asking again completes it', async () => {
    await fill()
    const [first = '', second = ''] = NAMES
    const { delete: remove, moveIn } = rig.objects
    rig.objects.delete = () => Promise.reject(new Error('killed'))
    const ask = (key: string) => rooms.erasure.request({ entity: 'user', key, ...ASKED })
    const all: FlowRun['step'] = (_, body) => body()
    await expect(rooms.erasure.run(await ask(first), all)).rejects.toThrow('killed')
    expect(await bytesWith(rig, [first])).not.toEqual([])
    rig.objects.delete = remove
    await rooms.erasure.run(await ask(first), all)

    let adopted = 0
    rig.objects.moveIn = async (key, file) => {
      if (++adopted === 3) throw new Error('killed')
      await moveIn(key, file)
    }
    await expect(rooms.erasure.run(await ask(second), all)).rejects.toThrow('killed')
    rig.objects.moveIn = moveIn
    await rooms.erasure.run(await ask(second), all)
    expect(await bytesWith(rig, [first, second])).toEqual([])
    const held = (await rig.lake.list()).map((s) => s.objectKey).sort()
    expect((await rig.objects.list('snapshots/')).map((o) => o.key)).toEqual(expect.arrayContaining(held))
  })
})
