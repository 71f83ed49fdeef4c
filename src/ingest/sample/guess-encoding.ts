import iconv from 'iconv-lite'
import type { Format } from '../../config/project.ts'
import { lettersIn, likeness } from './letters.ts'

export const HEAD_BYTES = 1 << 18

type Encoding = Format['encoding']

/** Of those that fit as well the first is taken: what most offices have stands first. */
const CANDIDATES: Encoding[] = [
  ...(['windows-1252', 'windows-1254', 'windows-1250', 'windows-1257', 'cp850', 'cp852', 'macintosh'] as const),
  ...(['windows-1251', 'cp866', 'koi8-r', 'windows-1253', 'shift_jis', 'euc-jp', 'euc-kr', 'gbk', 'cp950'] as const),
]

/** UTF-8 if all of the file is; else what its mark says; else that in which its letters are most like those of a language. */
export async function guessEncoding(
  read: () => AsyncIterable<Buffer>,
): Promise<{ encoding: Format['encoding']; head: Buffer; notes: string[] }> {
  const utf8 = new TextDecoder('utf-8', { fatal: true })
  const pieces: Buffer[] = []
  let held = 0
  let valid = true
  try {
    for await (const chunk of read()) {
      if (held < HEAD_BYTES) pieces.push(Buffer.from(chunk))
      held += chunk.length
      if (valid) valid = decodes(utf8, chunk)
      if (!valid && held >= HEAD_BYTES) break
    }
  } catch {
    // What cannot be unpacked is told when the file is read.
  }
  const head = Buffer.concat(pieces).subarray(0, HEAD_BYTES)
  if (head[0] === 0xff && head[1] === 0xfe) return { encoding: 'utf-16le', head, notes: [] }
  if (head[0] === 0xfe && head[1] === 0xff) return { encoding: 'utf-16be', head, notes: [] }
  const zeros = [0, 1].map((at) => head.subarray(0, 1000).filter((byte, i) => i % 2 === at && byte === 0).length)
  const most = Math.min(1000, head.length) / 4
  if (zeros[1]! > most) return { encoding: 'utf-16le', head, notes: [] }
  if (zeros[0]! > most) return { encoding: 'utf-16be', head, notes: [] }
  return valid ? { encoding: 'utf-8', head, notes: [] } : { head, ...byItsLetters(head) }
}

function decodes(decoder: InstanceType<typeof TextDecoder>, chunk: Buffer): boolean {
  try {
    decoder.decode(chunk, { stream: true })
    return true
  } catch {
    return false
  }
}

/** What it is, and two words of the file by which a person sees whether that is right; others that are as likely too. */
function byItsLetters(head: Buffer): { encoding: Encoding; notes: string[] } {
  // The last line may end within a letter.
  const lines = head.length < HEAD_BYTES ? head : head.subarray(0, head.lastIndexOf(0x0a) + 1)
  const likely = CANDIDATES.map((encoding) => {
    const words = lettersIn(iconv.decode(lines, encoding))
    return { encoding, words, like: likeness(words, encoding) }
  })
  const best = likely.reduce((a, b) => (b.like > a.like ? b : a))
  const shown = ({ words }: (typeof likely)[number]) =>
    words
      .slice(0, 2)
      .map((word) => `'${word.slice(0, 40)}'`)
      .join(', ')
  const others = likely.filter((one) => one.like === best.like && shown(one) !== shown(best))
  const also = others.map((one) => `; as ${one.encoding}: ${shown(one)}`).join('')
  const note = 'the encoding is a guess: look at the letters with accents in the file, and whether they come out right'
  return { encoding: best.encoding, notes: [`${note}${best.words.length === 0 ? '' : `: ${shown(best)}`}${also}`] }
}
