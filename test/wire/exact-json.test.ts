import Fastify from 'fastify'
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
