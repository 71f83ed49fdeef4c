import { expect, test } from 'vitest'
import { instantOption } from '../../src/cli/options.ts'
import { snapshotArgument } from '../../src/cli/snapshot-argument.ts'
import { keyOfText } from '../../src/features/define/key-text.ts'

const pair = [{ name: 'origin' }, { name: 'dest' }]

test('Blocked 6: a composite key is a JSON object on the command line, its integers with all their digits', () => {
  expect(keyOfText(pair, '{"origin":"LYS","dest":"CDG"}')).toEqual({ origin: 'LYS', dest: 'CDG' })
  expect(keyOfText(pair, '{"dest":9007199254740993,"origin":7}')).toEqual({ origin: 7, dest: 9007199254740993n })
  // With one join key the text is the key, whatever it looks like.
  expect(keyOfText([{ name: 'id' }], '{"id":1}')).toBe('{"id":1}')
})

test('Blocked 6: what is not a whole composite key is refused with what to write', () => {
  const refusals: [string, string][] = [
    ['LYS', `the key has the parts origin, dest; write a JSON object: '{"origin":"…","dest":"…"}'`],
    ['["LYS","CDG"]', 'the key has the parts origin, dest; write a JSON object'],
    ['{"origin":"LYS"', 'write a JSON object'],
    ['{"origin":"LYS"}', `the key lacks dest; write all of it: '{"origin":"…","dest":"…"}'`],
    ['{"origin":"LYS","destination":"CDG"}', "the key has no part 'destination'"],
    ['{"origin":"LYS","des":"CDG"}', "the key has no part 'des'; did you mean 'dest'?"],
  ]
  for (const [text, says] of refusals) expect(() => keyOfText(pair, text)).toThrow(says)
})

test('deliveries 6: a date in the future, and what is no date, are refused by every command in one place', () => {
  expect(instantOption('2024-01-31')).toBe('2024-01-31T00:00:00.000000Z')
  expect(() => instantOption('2999-01-31')).toThrow(
    /^the date 2999-01-31 is in the future \(now it is .*\); name a past date$/,
  )
  // No "it:" before it.
  expect(() => instantOption('31.01.2024')).toThrow(
    /^'31\.01\.2024' is not a date; write 2024-01-31 or 2024-01-31T12:00:00Z$/,
  )
})

test('a snapshot is named by its moment, and by its version after a slash or as an option', () => {
  const validAt = '2024-01-31T00:00:00.000000Z'
  expect(snapshotArgument('2024-01-31')).toEqual({ validAt, version: undefined })
  expect([
    snapshotArgument('2024-01-31/v2'),
    snapshotArgument('2024-01-31/2'),
    snapshotArgument('2024-01-31', 2),
  ]).toEqual(Array(3).fill({ validAt, version: 2 }))
  expect(() => snapshotArgument('2024-01-31/v2', 3)).toThrow("'2024-01-31/v2' names version 2, and --version 3")
  expect(() => snapshotArgument('labels/v2')).toThrow(/is not a date/)
})
