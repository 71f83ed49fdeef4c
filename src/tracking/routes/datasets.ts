import type { Endpoint } from '../../mlflow/endpoint.ts'
import { invalid, textList } from '../../mlflow/read.ts'
import { limitOf } from '../../wire/limits.ts'
import type { Tracking } from '../tracking.ts'

const EXPERIMENTS_MAX = limitOf('datasetExperiments')

/** Which datasets the runs of experiments used, and for what; MLflow's pages ask for it. */
export function datasetEndpoints({ runs }: Pick<Tracking, 'runs'>): Endpoint[] {
  return [
    {
      method: 'POST',
      path: 'experiments/search-datasets',
      async run(fields) {
        const ids = textList(fields, 'experiment_ids', 'experimentIds')
        const what = 'SearchDatasets request'
        if (ids.length === 0) throw invalid(`${what} must specify at least one experiment_id.`)
        if (ids.length > EXPERIMENTS_MAX) {
          throw invalid(
            `${what} cannot specify more than ${EXPERIMENTS_MAX} experiment_ids. Received ${ids.length} experiment_ids.`,
          )
        }
        const found = await runs.searchDatasets(ids)
        const summaries = found.map(({ experimentId, name, digest, context }) => {
          return { experiment_id: experimentId, name, digest, context: context ?? undefined }
        })
        return { dataset_summaries: summaries.length > 0 ? summaries : undefined }
      },
    },
  ]
}
