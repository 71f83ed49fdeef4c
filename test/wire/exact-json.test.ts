import fc from 'fast-check'
import Fastify from 'fastify'
import { parse as lossless } from 'lossless-json'
import { afterAll, expect, test } from 'vitest'
import { exactJson, parseExactJson, readBodiesExactly } from '../../src/wire/exact-json.ts'

const app = Fastify()
afterAll(() => app.close())
app.register(async (plugin) => {
  readBodiesExactly(plugin)
  plugin.post('/', async (request, reply) => reply.type('application/json').send(exactJson(request.body)))
})
const post = async (payload: string) => {
  const answer = await app.inject({
    method: 'POST',
    url: '/',
    headers: { 'content-type': 'application/json' },
    payload,
  })
  return [answer.statusCode, answer.body]
}

test('an integer beyond 2^53 keeps its digits, every other number is what JSON.parse gives', () => {
  const text =
    '{"a":9007199254740993,"b":[-9223372036854775808,1.5,12],"c":1e300,"d":0.12345678901234567,"e":9007199254740993.0}'
  expect(parseExactJson(text)).toEqual({
    ...(JSON.parse(text) as object),
    a: 9007199254740993n,
    b: [-9223372036854775808n, 1.5, 12],
  })
})

test('a text of many digits stays a text, and of a name that comes twice the last one counts', () => {
  expect(parseExactJson('{"a":"9007199254740993","b":1,"b":9007199254740993}')).toEqual({
    a: '9007199254740993',
    b: 9007199254740993n,
  })
})

test('a number of a megabyte of digits is a double, at once', () => {
  expect(parseExactJson(`[${'9'.repeat(1_000_000)}]`)).toEqual([Number.POSITIVE_INFINITY])
})

test('what is written keeps every digit too', () => {
  const text = '{"n":9007199254740993,"list":[1,-9223372036854775808],"x":null}'
  expect(exactJson(parseExactJson(text))).toBe(text)
})

test('bodies are read exactly, and refused as Fastify refuses them', async () => {
  expect(await post('{"n":9007199254740993}')).toEqual([200, '{"n":9007199254740993}'])
  for (const wrong of ['', '{"n":9007199254740993', '{"n":9007199254740993,"__proto__":{"x":1}}']) {
    expect((await post(wrong))[0], wrong).toBe(400)
  }
})

test('any JSON is what JSON.parse gives, but for its long integers, wherever they stand', () => {
  const digits = fc.stringMatching(/^[1-9]\d{14,44}$/)
  const text = fc.oneof(fc.string(), digits, fc.stringMatching(/^[\\"0-9, :[\]{}-]{0,40}$/))
  const leaf = fc.oneof(
    fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    text,
    fc.boolean(),
    fc.constant(null),
  )
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { depthSize: 'small', withCrossShrink: true },
      leaf,
      fc.array(tie('tree')),
      fc.dictionary(text, tie('tree')),
    ),
  }))
  fc.assert(
    fc.property(tree, fc.constantFrom(0, 1), (value, indent) => {
      const json = exactJson(value, indent)
      // The library's own reader is the oracle: ours must only be faster.
      const isLong = (digits: string) => /^-?\d+$/.test(digits) && !Number.isSafeInteger(Number(digits))
      const expected = lossless(json, undefined, { parseNumber: (n) => (isLong(n) ? BigInt(n) : Number(n)) })
      expect(parseExactJson(json)).toEqual(expected)
    }),
    { numRuns: 200 },
  )
})

test('long integers are found in a deep text, in a very large one, and where they are many', () => {
  const deep = `${'['.repeat(100_000)}9007199254740993${']'.repeat(100_000)}`
  let inner = parseExactJson(deep)
  while (Array.isArray(inner)) inner = inner[0]
  expect(inner).toBe(9007199254740993n)
  const many = parseExactJson(
    `[${'"a\\\\\\"9007199254740993",9007199254740993,'.repeat(100_000)}${'"some text",'.repeat(300_000)}1]`,
  ) as unknown[]
  expect([many.length, many[199_999]]).toEqual([500_001, 9007199254740993n])
  const numbers = parseExactJson(`[${'9007199254740993,'.repeat(100_000)}1]`) as unknown[]
  expect([numbers.length, numbers[99_999]]).toEqual([100_001, 9007199254740993n])
})
