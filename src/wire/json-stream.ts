/**
 * Long answers as JSON, written piece by piece as the caller takes them: no list is ever whole in memory, and between two
 * pieces everybody else has a turn. What goes wrong before the first piece is answered as an error; after it the connection
 * breaks, which a client sees as an answer that is not whole.
 */
import { Readable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'

/** Characters of a piece: some milliseconds of work. */
export const PIECE_CHARS = 64 << 10

/** Pieces of `{"a":1,"name":[item,…],"b":2}`: members that have no list inside, and one list. */
export type ListAnswer = {
  before?: object
  name: string
  /** JSON texts, a page at a time. Without any the member is left out, as MLflow does with empty lists. */
  items: AsyncIterable<readonly string[]>
  after?: object
}

export async function* listJson({ before = {}, name, items, after = {} }: ListAnswer): AsyncGenerator<string> {
  let piece = `{${membersOf(before)}`
  let isEmpty = true
  const comma = () => (piece === '{' ? '' : ',')
  for await (const page of items) {
    for (const item of page) {
      piece += isEmpty ? `${comma()}"${name}":[${item}` : `,${item}`
      isEmpty = false
      if (piece.length < PIECE_CHARS) continue
      yield piece
      piece = ''
      await setImmediate()
    }
  }
  if (!isEmpty) piece += ']'
  const rest = membersOf(after)
  if (rest !== '') piece += isEmpty ? `${comma()}${rest}` : `,${rest}`
  yield `${piece}}`
}

function membersOf(members: object): string {
  return JSON.stringify(members).slice(1, -1)
}

/** A text when it is all in one piece, else a stream of it. */
export async function textOrStream(pieces: AsyncGenerator<string>): Promise<string | Readable> {
  const first = await pieces.next()
  if (first.done) return ''
  const second = await pieces.next()
  if (second.done) return first.value
  return Readable.from(
    (async function* () {
      yield first.value
      yield second.value
      yield* pieces
    })(),
    { objectMode: false, highWaterMark: 2 * PIECE_CHARS },
  )
}
