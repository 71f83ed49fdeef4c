/**
 * A model that somebody else learned and gave as ONNX. What it takes is told by the names of its inputs, in one of two forms:
 * - one input for each feature that it uses, called as the feature, of shape [N] or [N, 1];
 * - one input of shape [N, features], of floats: the features in their order, a text by its number among the categories.
 * It answers with one tensor: [N, 2] or [N, 1] for two classes, [N, K] for several, [N, 1] for a number.
 * A missing value is NaN; in an input of text it is `None`. A text that training did not have counts as missing.
 */
import { PlatformError } from '../../../base/errors.ts'
import type { Matrix } from '../trees.ts'
import { answerOf, feedsOf, type Plan, planOf } from './plan.ts'
import { openSession, type Session } from './session.ts'
import type { Given } from './types.ts'

export type { Given }

type Open = { session: Session; plan: Plan }

/** Opened once for each file in memory, and closed when that is no longer used. */
const open = new WeakMap<Uint8Array, Open>()
const forgotten = new FinalizationRegistry<Session>((session) => session.close())

/** Opens it and matches its inputs and its answer with the features and the outcome; refuses (unsupported) what does not fit. */
export function openGiven(given: Given): Open {
  const found = open.get(given.bytes)
  if (found) return found
  const session = openSession(given.bytes)
  try {
    const made = { session, plan: planOf(session, given) }
    open.set(given.bytes, made)
    forgotten.register(given.bytes, session, made)
    return made
  } catch (error) {
    session.close()
    throw error
  }
}

/** After a model that did not answer: the next call opens it anew. */
export function closeGiven(given: Given): void {
  const found = open.get(given.bytes)
  if (!found) return
  open.delete(given.bytes)
  forgotten.unregister(found)
  found.session.close()
}

/** Of so many rows at once a message is made. */
const SLICE = 4_096

export function predictAllGiven(given: Given, { rows, columns, values }: Matrix): Float64Array {
  const answers = new Float64Array(rows * given.outputs)
  for (let from = 0; from < rows; from += SLICE) {
    const count = Math.min(SLICE, rows - from)
    const valueAt = (row: number, column: number) => values[column * rows + from + row]!
    answers.set(ask(given, count, columns, valueAt), from * given.outputs)
  }
  return answers
}

export function predictGiven(given: Given, row: Float64Array, out: Float64Array): void {
  out.set(ask(given, 1, row.length, (_, column) => row[column]!))
}

function ask(given: Given, rows: number, columns: number, valueAt: (row: number, column: number) => number) {
  const { session, plan } = openGiven(given)
  try {
    const { dims, values } = session.run(feedsOf(plan, rows, columns, valueAt), plan.output)
    return answerOf(given, { rows, dims, values })
  } catch (error) {
    if (error instanceof PlatformError && /was ended$/.test(error.message)) closeGiven(given)
    throw error
  }
}
