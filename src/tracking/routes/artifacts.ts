import { longPage } from '../../db/long-work.ts'
import { type Endpoint, JsonPieces } from '../../mlflow/endpoint.ts'
import { optionalText } from '../../mlflow/read.ts'
import { listJson } from '../../wire/json-stream.ts'
import type { ArtifactFile } from '../artifacts.ts'
import type { Tracking } from '../tracking.ts'
import { artifactJson } from '../wire.ts'
import { runIdOf } from './request.ts'

/** A folder may have any number of files: they are told in pieces. */
export function fileList(files: readonly ArtifactFile[], before: object = {}): JsonPieces {
  const texts = async function* () {
    for (let from = 0; from < files.length; from += PAGE_FILES) {
      yield files.slice(from, from + PAGE_FILES).map((file) => JSON.stringify(artifactJson(file)))
    }
  }
  return new JsonPieces(listJson({ before, name: 'files', items: texts() }))
}

const PAGE_FILES = 500

/** The artifacts of a run by its id; all of a folder in one page. */
export function artifactEndpoints({ artifacts }: Pick<Tracking, 'artifacts'>): Endpoint[] {
  return [
    {
      method: 'GET',
      path: 'artifacts/list',
      async run(fields) {
        const list = () => artifacts.listOfRun(runIdOf(fields), optionalText(fields, 'path'))
        const { rootUri, files } = await longPage(list)
        return fileList(files, { root_uri: rootUri })
      },
    },
  ]
}
