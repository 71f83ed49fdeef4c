import type { Command } from 'commander'
import { PlatformError } from '../../base/errors.ts'
import { requireDefaultModel, requireModel } from '../../config/find.ts'
import { KEY_HELP, keyOfText } from '../../features/define/key-text.ts'
import { displayValue } from '../../values/display.ts'
import { predictionJson } from '../../wire/predict-json.ts'
import { formatNumber } from '../format.ts'
import { type CommonOptions, common } from '../options.ts'
import type { Output } from '../output.ts'
import { withApp } from '../with-app.ts'
import { servingOf } from './predict.ts'

type Explained = Awaited<ReturnType<ReturnType<typeof servingOf>['predict']>>

export function define(command: Command): void {
  command
    .usage('[options] [model] <key...>')
    .argument('<model>', 'a model of the project; may be left out where there is one, or one is the default')
    .argument('[keys...]', KEY_HELP)
  common(command, 'explain streamflow_churn 7590-VHVEG').action(
    (first: string, rest: string[], options: CommonOptions) =>
      withApp(options, async (app, { out }) => {
        const isModel = app.project.models.some((m) => m.name === first)
        if (isModel && rest.length === 0) {
          throw new PlatformError('invalid_argument', `the key is missing; write: weir explain ${first} KEY`)
        }
        const { name: model, featureService } = isModel
          ? requireModel(app.project, first)
          : requireDefaultModel(app.project, (name) => `weir explain ${name} KEY`)
        const texts = isModel ? rest : [first, ...rest]
        const keys = texts.map((text) => keyOfText(app.features.service(featureService).keys, text))
        const serving = servingOf(app)
        try {
          await serving.start()
          const answers: Explained[] = []
          for (const key of keys) answers.push(await serving.predict(model, key, { explain: true }))
          out.document(`{"predictions":[${answers.map(predictionJson).join(',')}]}`)
          const types = serving.serviceOf(model).features.map((f) => f.type)
          for (const [i, answer] of answers.entries()) print(out, texts[i]!, answer, types)
        } finally {
          await serving.close()
        }
      }),
  )
}

/** What adds most comes first. */
function print(
  out: Output,
  key: string,
  answer: Explained,
  types: readonly Parameters<typeof displayValue>[0][],
): void {
  const { features, explanation, model } = answer
  if (explanation === undefined) return
  const { unit, base, contributions } = explanation
  const total = contributions.reduce((sum, added) => sum + added, base)
  out.line(`${key}: ${answer.said.prediction} (${model.name} ${model.version})`)
  out.line(
    `${UNIT_WORDS[unit]} ${formatNumber(total)} = ${formatNumber(base)} without knowing anything, and of each feature:`,
  )
  const rows = features.names.map((feature, i) => {
    return { feature, value: displayValue(types[i] ?? 'String', features.values[i] ?? null), added: contributions[i]! }
  })
  rows.sort((a, b) => Math.abs(b.added) - Math.abs(a.added))
  out.table(
    ['feature', 'value', 'adds'],
    rows.map(({ feature, value, added }) => [feature, value, signed(added)]),
  )
}

function signed(added: number): string {
  return `${added < 0 ? '-' : '+'}${Math.abs(added).toFixed(4)}`
}

const UNIT_WORDS = {
  probability: 'probability',
  log_odds: 'log-odds',
  score: 'score',
  value: 'value',
} as const
