/**
 * The model card: what a reader who was not there wants to know of a version before trusting it. The same training gives the
 * same card but for its run, and sections and lines have a fixed order, so that two versions can be compared line by line.
 */
import { displayInstant } from '../../base/instant.ts'
import type { TrainingSetRef } from '../../features/offline/training-set.ts'
import type { Search } from '../../ml/learn/auto/search.ts'
import type { Trainer } from '../../ml/learn/given/params.ts'
import type { Learner } from '../../ml/learn/learners.ts'
import type { EncoderSpec } from '../../ml/model/encoder.ts'
import type { Evaluation, Metrics } from '../evaluate.ts'
import { learnerParams } from '../learner-params.ts'
import type { Pinned } from '../pin.ts'
import { championLines, hindsightLines, leakLines, segmentLines } from './card-findings.ts'
import { code, percent, plain, shown, table } from './markdown.ts'
import type { Report } from './report.ts'

export type CardParts = {
  runId: string
  pinned: Pinned
  dataset: TrainingSetRef
  fit: {
    rows: number
    trainRows: number
    testRows: number
    holdOutRows: number
    splitBy: string
    flattery: number | null
    trees: number
    learner: Learner | Trainer
    search: Search | null
    encoder: EncoderSpec
    metrics: Metrics
  }
  evaluation: Evaluation
  report: Report
}

export function cardOf(parts: CardParts): string {
  const { pinned, report } = parts
  const { model } = pinned.definitions
  const sections: [string, string[]][] = [
    ['What it is', whatItIs(parts)],
    ['Data', dataLines(parts)],
    ['How it learned', learnerLines(parts)],
    ['How it was measured', measureLines(parts)],
    ['Against the version in Production', championLines(report.champion)],
    ['Segments', segmentLines(report.segments)],
    ['What it asks', featureLines(parts)],
    ['Hindsight', hindsightLines(report.hindsight)],
    ['Leak hunt', leakLines(report.leaks)],
    ['Limits', limitLines(parts)],
    ['The same again', reproduceLines(parts)],
  ]
  const title = `# ${plain(model.name)}, as of ${displayInstant(pinned.asOf)}`
  const written = sections.map(([name, lines]) => [`## ${name}`, ...lines.filter((line) => line !== '')].join('\n\n'))
  return `${[title, ...written].join('\n\n')}\n`
}

function whatItIs({ pinned }: CardParts): string[] {
  const { model, label, entities } = pinned.definitions
  const horizon = label.horizonMs / 86_400_000
  const after = horizon === 0 ? '' : `, known ${shown(horizon)} days after T`
  const of = entities.map(({ name }) => code(name)).join(', ')
  return [
    plain(model.about),
    `It predicts ${code(label.name)} (column ${code(label.column)} of ${code(label.source)}${after}) of ${of}, from the features of the service ${code(model.featureService)}.`,
  ]
}

function dataLines({ pinned, dataset, fit }: CardParts): string[] {
  const moments = dataset.moments.map(displayInstant)
  const period =
    moments.length > 1 ? `${moments[0]} to ${moments.at(-1)}, ${moments.length} moments` : (moments[0] ?? '')
  const rows: [string, string][] = [
    ['as of (labels that were known by then)', displayInstant(pinned.asOf)],
    ['known at (nothing that was recorded later is in it)', displayInstant(pinned.knownAt)],
    [
      'values',
      pinned.mode === 'served' ? 'as they were known at T (served)' : 'as they are known to be by now (restated)',
    ],
    ['T', period],
    ['rows', String(fit.rows)],
    ['learned from', String(fit.trainRows)],
    ['measured on', `${fit.testRows}, split by ${fit.splitBy}`],
    ['kept from every fit', String(fit.holdOutRows)],
    ['left out: their horizon was not over', String(dataset.immature)],
    ['left out: no label', String(dataset.unlabelled)],
    ['training set', code(dataset.digest.slice(0, 12))],
  ]
  const inputs = dataset.inputs.map(({ source, validAt, recordedAt, digest }) => [
    code(source),
    displayInstant(validAt),
    displayInstant(recordedAt),
    code(digest.slice(0, 12)),
  ])
  return [
    table(['', ''], rows),
    table(['delivery of', 'describes', 'recorded', 'digest'], inputs),
    ...dataset.missing.map(
      ({ view, moment }) =>
        `Nothing of ${code(view)} was in reach of ${displayInstant(moment)}: its features are null there.`,
    ),
  ]
}

function learnerLines({ pinned, fit, report, evaluation }: CardParts): string[] {
  const { model } = pinned.definitions
  const params = Object.entries(learnerParams(fit.learner, evaluation.kind)).map(([name, value]) => [
    code(name),
    code(value),
  ])
  const size = fit.trees > 0 ? [`It has ${fit.trees} trees.`] : []
  const { threshold: rule } = model
  const chosen = rule !== null && typeof rule === 'object' ? `, chosen by the rule ${code(JSON.stringify(rule))}` : ''
  const threshold =
    evaluation.kind === 'binary' ? [`It says yes from ${shown(evaluation.confusion.threshold)} on${chosen}.`] : []
  const tried = report.calibration
  const losses =
    tried &&
    Object.entries(tried.losses)
      .map(([name, loss]) => `${name} ${shown(loss)}`)
      .join(', ')
  const calibration = tried
    ? [
        `Calibration: ${tried.kind ?? 'none, for nothing that was tried helped'} (log-loss by cross-validation: ${losses}).`,
      ]
    : []
  return [
    `Learner ${code(fit.learner.kind)}.`,
    ...(fit.search
      ? [`It is the best of ${fit.search.trials.length} trials of a search (${code('leaderboard.md')}).`]
      : []),
    ...size,
    table(['param', 'value'], params),
    ...threshold,
    ...calibration,
  ]
}

/** What the card shows, and the artifacts of the run that it shows. */
export const CARD_IMAGES: readonly (readonly [string, string])[] = [
  ['ROC', 'roc.svg'],
  ['Precision and recall', 'precision_recall.svg'],
  ['Calibration', 'calibration.svg'],
  ['Gain', 'lift.svg'],
  ['What was said, and what came true', 'said_and_true.svg'],
  ['Loss while it learned', 'learning.svg'],
  ['Importance', 'feature_importance.svg'],
]

function measureLines({ fit, report }: CardParts): string[] {
  const { metrics, flattery } = fit
  const rows = Object.entries(metrics)
    .filter(([name]) => /^(val|holdout)_/.test(name) && !/_(low|high|random_rows)$/.test(name))
    .map(([name, value]) => [code(name), shown(value), intervalOf(metrics, name)])
  const random =
    flattery === null
      ? ''
      : `Rows at random would have said an AUC that is ${shown(Math.abs(flattery))} ${flattery > 0 ? 'higher' : 'lower'}: entities stand in several rows.`
  const images = CARD_IMAGES.filter(([, file]) => file in report.images).map(([name, file]) => `![${name}](${file})`)
  return [
    table(['metric', 'value', 'in 95 of 100 cases'], rows),
    'The intervals are for other entities of the same kind and time (whole entities drawn again); they say nothing of another month.',
    random,
    ...images,
  ]
}

export function intervalOf(values: Record<string, number>, name: string): string {
  const [low, high] = [values[`${name}_low`], values[`${name}_high`]]
  return low === undefined || high === undefined ? '' : `${shown(low)} to ${shown(high)}`
}

/** `adds`: the mean size of what it adds to an answer (of several classes to the first); `worse`: by how much the metric is worse without it. */
function featureLines({ fit, evaluation, report }: CardParts): string[] {
  const { shap, permutation } = report.reasons
  const rows = evaluation.importance.map(({ feature, importance }) => {
    const input = fit.encoder.inputs.find(({ name }) => name === feature)
    const isSame = (line: { feature: string }) => line.feature === feature
    const without = permutation.features.find(isSame)
    return [
      code(feature),
      input?.type ?? '',
      input?.nullable ? 'yes' : 'no',
      percent(importance),
      shown(shap?.outputs[0]?.features.find(isSame)?.meanAbsolute),
      without && without.worse !== null ? `${shown(without.worse)} ± ${shown(without.deviation)}` : '',
      shown(report.leaks.find(isSame)?.alone),
    ]
  })
  const head = [
    'feature',
    'type',
    'null seen',
    'helped the fit',
    'adds',
    `${permutation.metric} worse without`,
    'alone',
  ]
  return [
    table(head, rows),
    `Helped the fit: its share of all that questions gained. Adds: the mean size of what it adds to an answer (Shapley). Without: its values shuffled ${permutation.repeats} times on ${permutation.rows} rows. Alone: how well it tells the label by itself.`,
  ]
}

function limitLines({ fit, dataset, report, pinned }: CardParts): string[] {
  const moments = dataset.moments.length
  const lines = [
    moments === 1
      ? `It has seen ${fit.trainRows} rows of one moment, so it knows nothing of what changes from month to month.`
      : `It has seen ${fit.trainRows} rows of ${moments} moments.`,
    'A value of a text that training did not have is taken as unknown, and a null as what nulls were in training.',
  ]
  const texts = fit.encoder.inputs.filter(({ type }) => type === 'String').map(({ name }) => code(name))
  if (texts.length > 0) lines.push(`Texts: ${texts.join(', ')}.`)
  if (pinned.mode === 'restated' && report.hindsight === null) {
    lines.push('Its values are as corrected; how much of its measure comes from that was not asked.')
  }
  const weak = report.segments.filter(({ findings }) => findings.length > 0)
  if (weak.length > 0)
    lines.push(`It does otherwise for ${weak.length} of ${report.segments.length} segments: see there.`)
  return [lines.map((line) => `- ${line}`).join('\n')]
}

function reproduceLines({ runId, pinned }: CardParts): string[] {
  const { versions, code: codeDigest, lockFile, definitionsDigest, threads } = pinned
  const rows = [
    ['run', code(runId)],
    ['definitions', code(definitionsDigest.slice(0, 12))],
    ['code of Weir', code(codeDigest.slice(0, 12))],
    ['package-lock.json', lockFile.digest ? code(lockFile.digest.slice(0, 12)) : 'none'],
    ...Object.entries(versions).map(([name, version]) => [plain(name), code(version)]),
    ['threads (decide nothing)', String(threads)],
  ]
  return [`\`\`\`\nweir reproduce ${runId}\n\`\`\``, table(['', ''], rows)]
}
