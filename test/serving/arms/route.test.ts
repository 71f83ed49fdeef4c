import { expect, test } from 'vitest'
import { answerOf } from '../../../src/serving/arms/answer.ts'
import { keyTextOf, pickArm, routeOf } from '../../../src/serving/arms/route.ts'
import type { LiveModel } from '../../../src/serving/live-model.ts'
import { smallModel } from '../../ml/small-model.ts'

const live = (version: string, name = 'churn') => ({ name, version, runId: 'r' }) as LiveModel
const route = (share: number, version = '2', name = 'churn') =>
  routeOf(live('1', name), { canary: { live: live(version, name), trial: 1, share } })
const isCanary = (of: ReturnType<typeof route>, key: string) => pickArm(of, key).arm === 'canary'
const share = (of: ReturnType<typeof route>, keyOf: (i: number) => string) => {
  let among = 0
  for (let i = 0; i < 1_000_000; i++) if (isCanary(of, keyOf(i))) among++
  return among / 1_000_000
}

test.each([
  ['numbers one after the other', (i: number) => String(i)],
  ['texts that differ in their last digits', (i: number) => `customer-${String(i).padStart(9, '0')}`],
  ['two parts', (i: number) => keyTextOf([i % 1000, `city ${Math.floor(i / 1000)}`])],
])('of a million keys (%s) the share is that of the canary, to 0.1 %%', (_what, keyOf) => {
  for (const wanted of [0.01, 0.1, 0.5]) {
    expect(Math.abs(share(route(wanted), keyOf) - wanted)).toBeLessThan(0.001)
  }
})

test('whoever is among a share stays among a greater one, and all are among 100 %', () => {
  const [some, more, all] = [route(0.05), route(0.2), route(1)]
  for (let i = 0; i < 100_000; i++) {
    if (isCanary(some, String(i)) && !isCanary(more, String(i))) expect.unreachable(`key ${i}`)
    if (!isCanary(all, String(i))) expect.unreachable(`key ${i}`)
  }
})

test('the arm of a key is the same for ever: these never change', () => {
  const among = (of: ReturnType<typeof route>) =>
    Array.from({ length: 60 }, (_, i) => i).filter((i) => isCanary(of, `7590-${i}`))
  expect(among(route(0.1))).toEqual(among(route(0.1)))
  expect(among(route(0.1))).toMatchInlineSnapshot(`
    [
      17,
      23,
      26,
      46,
    ]
  `)
})

test('another canary, and another model, try other keys', () => {
  const both = (a: ReturnType<typeof route>, b: ReturnType<typeof route>) => {
    let together = 0
    for (let i = 0; i < 100_000; i++) if (isCanary(a, String(i)) && isCanary(b, String(i))) together++
    return together / 100_000
  }
  expect(both(route(0.1), route(0.1, '3'))).toBeCloseTo(0.01, 2)
  expect(both(route(0.1), route(0.1, '2', 'tips'))).toBeCloseTo(0.01, 2)
})

test('where a canary fails, the caller is given what the champion says, marked so', async () => {
  const model = await smallModel({ trees: 3 })
  const champion = { ...live('1'), model }
  const broken = { ...live('2'), model: { ...model, learned: { kind: 'no such kind' } } } as unknown as LiveModel
  const tried = routeOf(champion, { canary: { live: broken, trial: 1, share: 1 } })
  const row = model.encoder.spec.inputs.map(() => null)
  const said = answerOf(tried, pickArm(tried, 'any'), row)
  expect(said).toMatchObject({ arm: 'champion', live: { version: '1' }, insteadOf: { live: { version: '2' } } })
  expect(said.said).toEqual(answerOf(routeOf(champion), { arm: 'champion', live: champion }, row).said)
  expect(() => answerOf(routeOf(broken), { arm: 'champion', live: broken }, row)).toThrow()
})
