/** What a fit would refuse of what a model predicts, as far as the definitions tell it: before any work, with all faults at once. */

import { learnedByChoice } from '../ml/learn/auto/choice.ts'
import { isTrainer } from '../ml/learn/given/params.ts'
import { learnersOf } from '../ml/learn/learners.ts'
import { CLASSES_MAX } from '../ml/model/outcome.ts'
import type { Fault } from './fault.ts'
import { type Predicts, predictedKind } from './predicts.ts'
import type { Column, Model, Project, Source, ValueType } from './project.ts'
import { suggestion } from './suggest.ts'

const NUMBERS: readonly ValueType[] = ['Int32', 'Int64', 'Float32', 'Float64']
const LABELS: readonly ValueType[] = ['Bool', 'String', ...NUMBERS]

const IN_WORDS = { binary: 'two outcomes', multiclass: 'several classes', regression: 'a number' } as const

export function outcomeFaults(project: Project, model: Model): Fault[] {
  const label = project.labels.find(({ name }) => name === model.label)
  const source = project.sources.find(({ name }) => name === label?.source)
  const column = source?.columns.find(({ name }) => name === label?.column)
  if (!label || !source || !column) return []
  if (!LABELS.includes(column.type)) {
    const message = `'${column.name}' is ${column.type}; a model predicts a Bool, a String or a number (${NUMBERS.join(', ')})`
    return [{ path: `labels.${label.name}.column`, message }]
  }
  const kind = predictedKind(model, column.type)
  const wrong = kindFault(model, column, kind)
  const at = `models.${model.name}`
  if (wrong) return [{ path: `${at}.${wrong.at}`, message: wrong.message }, ...weightFaults(project, model, source)]
  return [
    ...positiveFaults(at, model, column, kind),
    ...settingFaults(at, model, kind),
    ...weightFaults(project, model, source),
  ]
}

/** A kind that values of this type cannot be of. */
function kindFault({ predicts, positive }: Model, { name, type, checks }: Column, kind: Predicts) {
  const cannot = (message: string) => ({ at: 'predicts', message })
  if (type === 'Bool' && kind !== 'binary')
    return cannot(`'${name}' is a Bool, which has two outcomes; leave it out, or write 'binary'`)
  if (type === 'String' && kind === 'regression')
    return cannot(`'${name}' is a String, which is no number: write 'multiclass', or 'binary' with the positive text`)
  if (NUMBERS.indexOf(type) >= 2 && kind === 'multiclass') {
    return cannot(`'${name}' is a ${type}, whose values are no classes: deliver them as String or Int64`)
  }
  if (type !== 'String') return undefined
  const values = allowedOf(checks)
  if (kind === 'binary' && positive === null) {
    return { at: 'positive', message: `state which text of '${name}' is the positive one${examples(values)}` }
  }
  if (kind === 'multiclass' && predicts === null && values?.length === 2) {
    return {
      at: 'positive',
      message: `'${name}' has two values: state which is the positive one${examples(values)}, or predicts: 'multiclass'`,
    }
  }
  if (values && values.length > CLASSES_MAX)
    return cannot(`'${name}' may have ${values.length} values; a model tells at most ${CLASSES_MAX} classes apart`)
  return undefined
}

function positiveFaults(at: string, { positive }: Model, { name, type, checks }: Column, kind: Predicts): Fault[] {
  if (positive === null) return []
  const fault = (message: string) => [{ path: `${at}.positive`, message }]
  if (kind !== 'binary') return fault(`a ${kind} has no positive value; leave it out`)
  if (type === 'Bool') return fault(`of the Bool '${name}' true is the positive one; leave it out`)
  if (type === 'Float32' || type === 'Float64')
    return fault(`of the ${type} '${name}' 1 is the positive one; leave it out`)
  const isText = type === 'String'
  if (isText !== (typeof positive === 'string'))
    return fault(`'${name}' is ${type}, and ${JSON.stringify(positive)} is not`)
  const values = allowedOf(checks)
  if (values === undefined || values.includes(positive)) return []
  return fault(`is not one of the values of '${name}'${suggestion(String(positive), values.map(String))}`)
}

/** Settings that mean nothing for what is predicted. */
function settingFaults(at: string, model: Model, kind: Predicts): Fault[] {
  const faults: Fault[] = []
  const learns = isTrainer(model.learner) ? [kind] : learnedByChoice(model.learner)
  if (!learns.includes(kind)) {
    const all = learns.map((one) => IN_WORDS[one]).join(' and ')
    faults.push({
      path: `${at}.learner`,
      message: `${model.learner.kind} does not learn ${IN_WORDS[kind]}, only ${all}; for ${IN_WORDS[kind]} take one of ${learnersOf(kind).join(', ')}`,
    })
  }
  if (kind !== 'binary' && model.threshold !== null) {
    faults.push({ path: `${at}.threshold`, message: `a ${kind} has no threshold; leave it out` })
  }
  if (kind !== 'binary' && model.calibration !== 'none') {
    faults.push({
      path: `${at}.calibration`,
      message: `only a probability of two outcomes is calibrated, and this is a ${kind}; leave it out`,
    })
  }
  if (kind === 'regression' && model.split.stratify === true) {
    faults.push({ path: `${at}.split.stratify`, message: 'a regression has no classes to stratify by; leave it out' })
  }
  if (kind === 'regression' && 'classWeight' in model.learner && model.learner.classWeight === 'balanced') {
    faults.push({ path: `${at}.learner.classWeight`, message: 'a regression has no classes to weigh; leave it out' })
  }
  return faults
}

/** A weight is a number of the label's row, or a feature. */
function weightFaults(project: Project, model: Model, source: Source): Fault[] {
  const { weight } = model
  if (weight === null) return []
  const features = project.featureServices.find(({ name }) => name === model.featureService)?.features ?? []
  const path = `models.${model.name}.weight`
  if ('column' in weight) {
    const found = source.columns.find(({ name }) => name === weight.column)
    if (!found) {
      const close = suggestion(
        weight.column,
        source.columns.map(({ name }) => name),
      )
      return [{ path: `${path}.column`, message: `'${weight.column}' is not a column of ${source.name}${close}` }]
    }
    if (!NUMBERS.includes(found.type))
      return [{ path: `${path}.column`, message: `'${found.name}' is ${found.type}; a weight is a number` }]
    const label = project.labels.find(({ name }) => name === model.label)
    if (found.name === label?.column)
      return [{ path: `${path}.column`, message: `'${found.name}' is the label itself` }]
    const taken = features.some(({ name }) => name.toLowerCase() === found.name.toLowerCase())
    const named = taken
      ? 'the features have one of that name'
      : found.name.toLowerCase() === model.label.toLowerCase()
        ? 'the label has that name'
        : undefined
    if (named === undefined) return []
    return [
      {
        path: `${path}.column`,
        message: `'${found.name}' would be a column twice: ${named}; write weight: { feature: '${found.name}' } where that is meant, or rename one`,
      },
    ]
  }
  const found = features.find(({ name }) => name === weight.feature)
  if (!found) {
    const close = suggestion(
      weight.feature,
      features.map(({ name }) => name),
    )
    return [
      { path: `${path}.feature`, message: `'${weight.feature}' is not a feature of '${model.featureService}'${close}` },
    ]
  }
  const views: readonly { name: string; features: readonly { name: string; type: ValueType }[] }[] = [
    ...project.featureViews,
    ...project.onDemandViews,
  ]
  const type = views.find(({ name }) => name === found.view)?.features.find(({ name }) => name === found.feature)?.type
  if (type === undefined || NUMBERS.includes(type)) return []
  return [{ path: `${path}.feature`, message: `'${weight.feature}' is ${type}; a weight is a number` }]
}

/** What a check of the column says its values are, where one does. */
function allowedOf(checks: Column['checks']): readonly (string | number | boolean)[] | undefined {
  return checks.flatMap((check) => (check.rule === 'allowed' && check.severity === 'error' ? [check.values] : []))[0]
}

function examples(values: readonly (string | number | boolean)[] | undefined): string {
  return values?.[0] === undefined ? ", like positive: 'yes'" : `, like positive: ${JSON.stringify(values.at(-1))}`
}
