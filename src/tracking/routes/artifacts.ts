import type { Endpoint } from '../../wire/mlflow/endpoint.ts'
import { optionalText } from '../../wire/mlflow/read.ts'
import type { Tracking } from '../tracking.ts'
import { artifactJson, listOrNothing } from '../wire.ts'
import { runIdOf } from './request.ts'

/** The artifacts of a run by its id; all of a folder in one page. */
export function artifactEndpoints({ artifacts }: Pick<Tracking, 'artifacts'>): Endpoint[] {
  return [
    {
      method: 'GET',
      path: 'artifacts/list',
      async run(fields) {
        const { rootUri, files } = await artifacts.listOfRun(runIdOf(fields), optionalText(fields, 'path'))
        return { root_uri: rootUri, files: listOrNothing(files.map(artifactJson)) }
      },
    },
  ]
}
