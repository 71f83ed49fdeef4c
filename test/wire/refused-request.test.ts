import { Ajv } from 'ajv'
import { expect, test } from 'vitest'
import { refusedRequest } from '../../src/wire/refused-request.ts'

const shape = {
  type: 'object',
  required: ['as_of'],
  additionalProperties: false,
  properties: {
    as_of: { type: 'string' },
    'a/b': { type: 'integer' },
    key: { anyOf: [{ type: 'string' }, { type: 'array' }] },
    state: { enum: ['accepted', 'refused'] },
    list: { type: 'array', items: { type: ['number', 'null'] } },
  },
}

/** As Fastify hands it over. */
function said(data: unknown, part: string): string {
  const validate = new Ajv({ allowUnionTypes: true }).compile(shape)
  expect(validate(data)).toBe(false)
  return refusedRequest(validate.errors ?? [], part).message
}

test.each([
  ['querystring', {}, "the address lacks 'as_of'; add ?as_of=…"],
  ['body', {}, "the body lacks 'as_of'; send it"],
  ['body', [], 'the body must be a JSON object'],
  ['body', { as_of: 5 }, "'as_of' in the body must be a text"],
  ['body', { as_of: '', 'a/b': 1.5 }, "'a/b' in the body must be a whole number"],
  ['body', { as_of: '', key: 5 }, "'key' in the body must be a text or a list"],
  ['body', { as_of: '', list: [1, 'x'] }, "'list.1' in the body must be a number or null"],
  ['body', { as_of: '', state: 'x' }, "'state' in the body must be one of accepted, refused"],
  ['querystring', { as_of: '', x: 1 }, "the address has 'x', which is unknown; leave it out"],
])('of a %s with %j is said in plain words what is wrong, where and what to do', (part, data, says) => {
  expect(said(data, part)).toBe(says)
})
