import { messageOf, PlatformError } from '../../base/errors.ts'
import type { InputValue } from '../../ml/model/encoder.ts'
import { predictOne } from '../../ml/model/model-file.ts'
import type { Said } from '../../wire/predict.ts'
import type { LiveModel } from '../live-model.ts'
import { saidOf } from '../said.ts'
import type { Picked, Route } from './route.ts'

/** What was said of a row, and by whom. */
export type SaidBy = Picked & {
  said: Said
  /** The canary that was asked and failed: the champion's answer stands in for its own. */
  insteadOf: { live: LiveModel; failure: string } | null
  /** Measured only while a canary is tried. */
  modelMs?: number
}

const NOT_HERE =
  'an ONNX model that a client logged answers in a process of its own: it predicts, and is neither a shadow nor asked what if'

/**
 * What the version that was picked says of one row. Where a canary fails, the champion answers: nobody pays for a trial. A
 * failure of the champion is thrown as ever.
 */
export function answerOf(route: Route, picked: Picked, given: readonly InputValue[]): SaidBy {
  const { arm, live } = picked
  if (route.canary === null) return { arm, live, said: say(live, given), insteadOf: null }
  const from = performance.now()
  const by =
    arm === 'champion' ? { arm, live, said: say(live, given), insteadOf: null } : byCanary(route, picked, given)
  return { ...by, modelMs: performance.now() - from }
}

function byCanary({ champion }: Route, { arm, live }: Picked, given: readonly InputValue[]): SaidBy {
  try {
    return { arm, live, said: say(live, given), insteadOf: null }
  } catch (error) {
    return { ...champion, said: say(champion.live, given), insteadOf: { live, failure: messageOf(error) } }
  }
}

function say({ model, outside }: LiveModel, given: readonly InputValue[]): Said {
  if (outside) throw new PlatformError('unsupported', NOT_HERE)
  return saidOf(model, predictOne(model, given), 0)
}
