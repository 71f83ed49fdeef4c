/**
 * Large JSON is looked at while it arrives: how deep it is and how many values it has decide how long parsing will hold
 * everybody else up, and its length says little about either. Nothing is kept, nothing parsed.
 */
import { Transform, type TransformCallback } from 'node:stream'
import { limitOf, overLimit, type ValuesLimit } from '../wire/limits.ts'

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COMMA = 0x2c

/** Passes a body on and breaks off with `invalid_argument` as soon as its JSON is over a limit. */
export function shapeGuard(valuesLimit: ValuesLimit): Transform & { receivedEncodedLength: number } {
  const state = { depth: 0, values: 1, inText: false, escaped: false }
  const [depthMax, valuesMax] = [limitOf('bodyDepth'), limitOf(valuesLimit)]
  const guard = new Transform({
    transform(chunk: Buffer, _encoding, done: TransformCallback) {
      guard.receivedEncodedLength += chunk.length
      count(chunk, state)
      if (state.depth > depthMax) done(overLimit('bodyDepth', 'the body nests lists or objects too deeply'))
      else if (state.values > valuesMax) done(overLimit(valuesLimit, 'the body has too many values'))
      else done(null, chunk)
    },
  }) as Transform & { receivedEncodedLength: number }
  guard.receivedEncodedLength = 0
  return guard
}

type State = { depth: number; values: number; inText: boolean; escaped: boolean }

function count(chunk: Buffer, state: State): void {
  let { depth, values, inText, escaped } = state
  for (let i = 0; i < chunk.length; i++) {
    const byte = chunk[i]!
    if (inText) {
      if (escaped) escaped = false
      else if (byte === BACKSLASH) escaped = true
      else if (byte === QUOTE) inText = false
    } else if (byte === QUOTE) inText = true
    else if (byte === COMMA) values++
    // [ and {, ] and }: they differ by the bit 0x20.
    else if ((byte | 0x20) === 0x7b) {
      depth++
      values++
    } else if ((byte | 0x20) === 0x7d) depth--
  }
  Object.assign(state, { depth, values, inText, escaped })
}
