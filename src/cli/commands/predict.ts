import type { Command } from 'commander'
import { requireModel } from '../../config/find.ts'
import type { ServingEvents } from '../../serving/live-models.ts'
import { createServing } from '../../serving/serving.ts'
import { displayValue } from '../../values/display.ts'
import { predictionJson } from '../../wire/predict.ts'
import { KEY_HELP, keyArgument } from '../key-argument.ts'
import { type CommonOptions, common } from '../options.ts'
import { formatNumber } from '../output.ts'
import { withApp } from '../with-app.ts'

const NOBODY_LISTENS: ServingEvents = { predicted() {}, live() {}, loadFailed() {} }

export function define(command: Command): void {
  command.argument('<model>', 'a model of the project').argument('<key>', KEY_HELP)
  common(command, 'predict streamflow_churn 7590-VHVEG').action((model: string, text: string, options: CommonOptions) =>
    withApp(options, async (app, { out }) => {
      const { featureService } = requireModel(app.project, model)
      const key = keyArgument(app.features.service(featureService).keys, text)
      const serving = createServing({ ...app, ...app.mlflow, events: NOBODY_LISTENS })
      try {
        await serving.start()
        const prediction = await serving.predict(model, key)
        out.document(predictionJson(prediction))
        const { name, version } = prediction.model
        out.line(
          `${text}: ${prediction.prediction}, probability ${formatNumber(prediction.probability)} (${name} ${version})`,
        )
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
