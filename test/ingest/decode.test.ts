import iconv from 'iconv-lite'
import { expect, test } from 'vitest'
import { decode } from '../../src/ingest/files/decode.ts'
import { skipLines } from '../../src/ingest/files/skip-lines.ts'

async function* inPieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

test.each(['utf-16le', 'utf-16be'] as const)(
  'text in %s is the same wherever its chunks end: in a character, a pair of them, or a line end',
  async (encoding) => {
    const text = 'k,s\r\na,😀😀\r\nb,ö😀\r\n'
    const bytes = iconv.encode(text, encoding, { addBOM: true })
    for (let size = 1; size <= 9; size++) {
      const faults = { count: 0, line: 0, wasUtf8: false }
      let read = ''
      for await (const piece of decode(inPieces(bytes, size), encoding, faults)) read += piece.toString()
      expect([size, read, faults.count]).toEqual([size, text, 0])
    }
    // Half a pair is a fault, of the line where it is.
    const broken = Buffer.concat([bytes, iconv.encode('c,\ud83d\r\n', encoding)])
    for (const size of [1, 2, 3, 7]) {
      const faults = { count: 0, line: 0, wasUtf8: false }
      for await (const _ of decode(inPieces(broken, size), encoding, faults));
      expect([size, faults.count, faults.line]).toEqual([size, 1, 4])
    }
  },
)

test.each([
  ['shift_jis', '東京,ソ連,表'],
  ['euc-jp', '東京,さいたま'],
  ['euc-kr', '서울,부산'],
  ['gbk', '北京,上海浦东'],
  ['cp950', '臺北,功許'],
] as const)(
  'text in %s is the same wherever its chunks end; half a letter at the end is a fault',
  async (encoding, word) => {
    const text = `k,s\r\na,${word}\r\n`
    const bytes = iconv.encode(text, encoding)
    for (let size = 1; size <= 9; size++) {
      const faults = { count: 0, line: 0, wasUtf8: false }
      let read = ''
      for await (const piece of decode(inPieces(bytes, size), encoding, faults)) read += piece.toString()
      expect([size, read, faults.count, faults.wasUtf8]).toEqual([size, text, 0, false])
      const broken = Buffer.concat([bytes, Buffer.from([bytes[bytes.indexOf(0x2c, 5) + 1]!])])
      for await (const _ of decode(inPieces(broken, size), encoding, faults));
      expect([size, faults.count, faults.line]).toEqual([size, 1, 3])
    }
  },
)

test('lines are skipped wherever the chunks end, whatever their ends', async () => {
  for (const text of ['a\r\nb\r\nc\r\nd', 'a\nb\nc\nd', 'a\rb\rc\rd']) {
    const right = text.slice(text.indexOf('c'))
    for (let size = 1; size <= 6; size++) {
      let read = ''
      for await (const piece of skipLines(inPieces(Buffer.from(text), size), 2)) read += piece.toString()
      expect([text, size, read]).toEqual([text, size, right])
    }
  }
})
