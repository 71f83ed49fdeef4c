import type { Command } from 'commander'
import type { App } from '../../app.ts'
import { PlatformError } from '../../base/errors.ts'
import { requireDefaultModel, requireModel } from '../../config/find.ts'
import { KEY_HELP, keyOfText } from '../../features/define/key-text.ts'
import type { ServingEvents } from '../../serving/events.ts'
import { createServing, type Serving } from '../../serving/serving.ts'
import { displayValue } from '../../values/display.ts'
import type { Said } from '../../wire/predict.ts'
import { predictionJson } from '../../wire/predict-json.ts'
import { formatNumber } from '../format.ts'
import { type CommonOptions, common } from '../options.ts'
import { withApp } from '../with-app.ts'

const NOBODY_LISTENS: ServingEvents = { predicted() {}, stage() {}, answered() {}, live() {}, loadFailed() {} }

export function define(command: Command): void {
  command
    .usage('[options] [model] <key>')
    .argument('<model>', 'a model of the project; may be left out where there is one, or one is the default')
    .argument('[key]', KEY_HELP)
  common(command, 'predict streamflow_churn 7590-VHVEG').action((first: string, second, options: CommonOptions) =>
    withApp(options, async (app, { out }) => {
      if (second === undefined && app.project.models.some((m) => m.name === first)) {
        throw new PlatformError('invalid_argument', `the key is missing; write: weir predict ${first} KEY`)
      }
      const [named, text] = second === undefined ? [undefined, first] : [first, second as string]
      const { name: model, featureService } =
        named === undefined
          ? requireDefaultModel(app.project, (name) => `weir predict ${name} KEY`)
          : requireModel(app.project, named)
      const key = keyOfText(app.features.service(featureService).keys, text)
      const serving = servingOf(app)
      try {
        await serving.start()
        const prediction = await serving.predict(model, key)
        out.document(predictionJson(prediction))
        const { name, version } = prediction.model
        out.line(`${text}: ${saidLine(prediction.said)} (${name} ${version})`)
        const types = serving.serviceOf(model).features.map((f) => f.type)
        out.table(
          ['feature', 'value'],
          prediction.features.names.map((feature, i) => [
            feature,
            displayValue(types[i] ?? 'String', prediction.features.values[i] ?? null),
          ]),
        )
      } finally {
        await serving.close()
      }
    }),
  )
}

/** Serving of this command alone; it is started and closed by whoever asks. */
export function servingOf(app: App): Serving {
  return createServing({ ...app, ...app.mlflow, events: NOBODY_LISTENS })
}

/** So many labels are told with their probabilities, the likeliest first. */
const SHOWN = 3

function saidLine({ prediction, probability, probabilities }: Said): string {
  const said = typeof prediction === 'number' ? formatNumber(prediction) : prediction
  if (probability !== undefined) {
    const of = probabilities ? ` of ${probabilities[1]?.[0]}` : ''
    return `${said}, probability${of} ${formatNumber(probability)}`
  }
  if (probabilities === undefined) return said
  const first = [...probabilities].sort((a, b) => b[1] - a[1]).slice(0, SHOWN)
  const rest = probabilities.length > SHOWN ? ', …' : ''
  return `${said} (${first.map(([label, p]) => `${label} ${formatNumber(p)}`).join(', ')}${rest})`
}
