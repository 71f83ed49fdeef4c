import { expect, test } from 'vitest'
import { unpack } from '../../src/ingest/files/unpack.ts'
import { zstdFrames } from '../../src/ingest/files/zstd-frames.ts'

/** Frames by hand: what they ask for stands in the head, and the block is one byte, `a`. */
const MAGIC = [0x28, 0xb5, 0x2f, 0xfd]
const BLOCK = [0x09, 0, 0, 0x61]
const small = [...MAGIC, 0x20, 1, ...BLOCK]
const ofWindow = (byte: number) => [...MAGIC, 0x00, byte, ...BLOCK]
const segment = (size: readonly number[]) => [...MAGIC, 0xa0, ...size, ...BLOCK]
const skipped = [0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, ...MAGIC.slice(0, 3)]
/** With a checksum, and the content's size in two bytes, where 256 is added. */
const checked = [
  ...MAGIC,
  0x64,
  44,
  1,
  ...[0x01 | (1 << 1) | ((556 << 3) & 0xff), (556 << 3) >> 8, 0, 0x61],
  1,
  2,
  3,
  4,
]
const repeated = [...MAGIC, 0x20, 9, ...[0x4a, 0, 0, 0x61], ...[0x09 & 0xfe, 0, 0, 0x62], ...BLOCK]

test('each frame is found, and what it asks for, however the bytes are cut', () => {
  const file = Buffer.from([
    ...[...small, ...skipped, ...ofWindow(0x50), ...checked, ...repeated],
    ...[...ofWindow(0x51), ...segment([0, 0, 0, 0x70])],
  ])
  const right = [1, 2 ** 20, 556, 9, 2 ** 20 * 1.125, 0x70000000]
  for (let bytes = 1; bytes <= file.length; bytes++) {
    const asked: number[] = []
    const see = zstdFrames((window) => void asked.push(window))
    for (let at = 0; at < file.length; at += bytes) see(file.subarray(at, at + bytes))
    expect(asked, `in pieces of ${bytes}`).toEqual(right)
  }
})

test('what is no frame is left to the decoder', () => {
  const asked: number[] = []
  zstdFrames((window) => void asked.push(window))(Buffer.from([...small, ...Buffer.from('k,f\na,1\n'), ...small]))
  expect(asked).toEqual([1])
})

test.each([
  ['one segment of 1.8 GB', segment([0, 0, 0, 0x70])],
  ['a window of 1 GB', ofWindow(0xa0)],
  ['the same in the second frame', [...small, ...ofWindow(0xa0)]],
  ['one segment in the second frame', [...small, ...segment([0, 0, 0, 0x70])]],
  ['behind a frame that is left out', [...skipped, ...ofWindow(0xa0)]],
])('a few bytes that ask for much memory get none: %s', async (_what, bytes) => {
  const before = process.memoryUsage().arrayBuffers
  const read = async () => {
    for await (const _ of unpack([Buffer.from(bytes)] as never, 'zstd'));
  }
  await expect(read()).rejects.toThrow('it needs a window of more than 128 MB')
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 27)
})

test('a window of 128 MB is read, as zstd itself does', async () => {
  const read: string[] = []
  for await (const piece of unpack([Buffer.from(ofWindow(0x88))] as never, 'zstd')) read.push(piece.toString())
  expect(read.join('')).toBe('a')
})
