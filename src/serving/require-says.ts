import { PlatformError } from '../base/errors.ts'
import type { Says } from '../config/predicts.ts'
import type { Model } from '../ml/model/model-file.ts'
import { isYesOrNo } from '../ml/model/outcome.ts'

/** What it answers is what the document of the routes says; another model was trained by another definition. */
export function requireSays({ outcome }: Model, { kind, labels }: Says): void {
  const says = outcome.kind === 'regression' ? 'number' : isYesOrNo(outcome) ? 'flag' : typeof outcome.classes[0]
  const wanted = labels === 'text' ? 'string' : labels === 'integer' ? 'number' : labels
  // Whole numbers that happen to be 0 and 1 are said as such, stated or not.
  const fits = says === wanted || (wanted === 'number' && says === 'flag' && kind === 'binary')
  if (outcome.kind === kind && fits) return
  throw new PlatformError(
    'conflict',
    `it predicts a ${outcome.kind}, and the definition a ${kind} with ${labels === 'flag' ? '0 or 1' : `a ${labels}`} as its label; train a version with the present definition`,
  )
}
