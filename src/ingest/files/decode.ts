import iconv from 'iconv-lite'
import type { Format } from '../../config/project.ts'

/** What was wrong with the bytes, as far as they were read; `line` is that of the first fault. */
export type DecodeFaults = { count: number; line: number; wasUtf8: boolean }

/**
 * Text of another encoding as UTF-8, the byte order mark left out. What has no character is counted, and a file of one byte a
 * character is also looked at as UTF-8: where all of it is that, `ö` would come out as `Ã¶`, and nobody would see it.
 */
export async function* decode(
  bytes: AsyncIterable<Buffer>,
  encoding: Exclude<Format['encoding'], 'utf-8'>,
  faults: DecodeFaults,
): AsyncGenerator<Buffer> {
  const wide = encoding.startsWith('utf-16')
  const decoder = iconv.getDecoder(encoding, { stripBOM: true })
  const utf8 = wide ? undefined : suspectUtf8()
  let line = 1
  let size = 0
  let held = ''
  const note = (text: string) => {
    for (const match of text.matchAll(wide ? /\p{Surrogate}/gu : /\ufffd/g)) {
      if (faults.count++ === 0) faults.line = line + linesIn(text.slice(0, match.index))
    }
    line += linesIn(text)
    return Buffer.from(text)
  }
  for await (const chunk of bytes) {
    size += chunk.length
    utf8?.see(chunk)
    const text = held + decoder.write(chunk)
    // Half a pair, or half a line end, waits for the other half.
    held = /[\ud800-\udbff\r]$/.test(text) ? text.slice(-1) : ''
    yield note(text.slice(0, text.length - held.length))
  }
  yield note(held + (decoder.end() ?? ''))
  if (wide && size % 2 === 1 && faults.count++ === 0) faults.line = line
  faults.wasUtf8 = utf8?.holds() ?? false
}

function linesIn(text: string): number {
  return text.match(/\r\n|\n|\r/g)?.length ?? 0
}

function suspectUtf8() {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  let valid = true
  let beyondAscii = false
  const feed = (chunk?: Buffer) => {
    if (!valid) return
    try {
      decoder.decode(chunk, { stream: chunk !== undefined })
    } catch {
      valid = false
    }
  }
  return {
    see(chunk: Buffer) {
      beyondAscii ||= valid && chunk.some((byte) => byte > 0x7f)
      feed(chunk)
    },
    holds() {
      feed()
      return valid && beyondAscii
    },
  }
}
