/**
 * Large artifacts in parts, several at a time, as MLflow's clients send and fetch them where
 * MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD and _DOWNLOAD are true. The parts come to this server, whatever the store is: no client needs a way to S3, and there is one door.
 */
import type { FastifyPluginAsync, FastifyRequest } from 'fastify'
import { UPLOAD_PARTS_MAX, type UploadedPart } from '../../lake/objects.ts'
import { answerErrorsAsMlflow } from '../../wire/mlflow/endpoint.ts'
import {
  type Fields,
  fieldsOf,
  invalid,
  objectList,
  optionalInteger,
  requiredInteger,
  requiredText,
} from '../../wire/mlflow/read.ts'
import { checkArtifactPath } from '../artifact-uri.ts'
import type { Tracking } from '../tracking.ts'

type Path = { Params: { '*': string } }

export const ARTIFACT_BASES = ['/api/2.0/mlflow-artifacts', '/ajax-api/2.0/mlflow-artifacts']

/** 10,000 parts with their tags and addresses are longer than other bodies. */
const BODY_BYTES_MAX = 16 << 20

export function artifactUploadRoutes(
  { artifacts }: Pick<Tracking, 'artifacts'>,
  { artifactBytesMax }: { artifactBytesMax: number },
): FastifyPluginAsync {
  const options = { schema: { hide: true }, bodyLimit: BODY_BYTES_MAX }
  return async (app) => {
    answerErrorsAsMlflow(app)
    for (const base of ARTIFACT_BASES) {
      app.post<Path>(`${base}/mpu/create/*`, options, async (request) => {
        const fields = fieldsOf(request.body)
        const path = fileOf(request.params['*'], fields)
        const count = optionalInteger(fields, 'num_parts') ?? 1
        if (count < 1 || count > UPLOAD_PARTS_MAX) throw invalid(`'num_parts' must be from 1 to ${UPLOAD_PARTS_MAX}`)
        const uploadId = await artifacts.uploads.create(path)
        const credentials = Array.from({ length: count }, (_, i) => {
          const query = new URLSearchParams({ upload_id: uploadId, part_number: String(i + 1) })
          return {
            url: `${address(request, `${base}/mpu/part`, path)}?${query}`,
            part_number: i + 1,
            headers: own(request),
          }
        })
        return { upload_id: uploadId, credentials }
      })
      app.post<Path>(`${base}/mpu/complete/*`, options, async (request) => {
        const fields = fieldsOf(request.body)
        const path = fileOf(request.params['*'], fields)
        const uploadId = requiredText(fields, 'upload_id')
        await artifacts.uploads.complete(path, uploadId, partsOf(fields), artifactBytesMax)
        return {}
      })
      app.post<Path>(`${base}/mpu/abort/*`, options, async (request) => {
        const fields = fieldsOf(request.body)
        await artifacts.uploads.abort(fileOf(request.params['*'], fields), requiredText(fields, 'upload_id'))
        return {}
      })
      // A client fetches from that address by ranges.
      app.get<Path>(`${base}/presigned/*`, options, async (request) => {
        const path = checkArtifactPath(request.params['*'])
        const { bytes } = await artifacts.stat(path)
        return { url: address(request, `${base}/artifacts`, path), headers: own(request), file_size: bytes }
      })
    }
  }
}

export function partNumber(fields: Fields, name: string): number {
  const number = requiredInteger(fields, name)
  if (number >= 1 && number <= UPLOAD_PARTS_MAX) return number
  throw invalid(`'${name}' must be from 1 to ${UPLOAD_PARTS_MAX}`)
}

/** The address names the folder and `path` the caller's own file, of which the last part counts. */
function fileOf(folder: string, fields: Fields): string {
  const name = requiredText(fields, 'path').split(/[\\/]/).at(-1) ?? ''
  return checkArtifactPath(folder === '' ? name : `${folder.replace(/\/$/, '')}/${name}`)
}

function partsOf(fields: Fields): UploadedPart[] {
  const parts = objectList(fields, 'parts').map((part) => {
    return { number: partNumber(part, 'part_number'), tag: requiredText(part, 'etag', 1000) }
  })
  if (parts.length === 0) throw invalid("'parts' must list at least one part")
  const ascending = parts.every(({ number }, i) => i === 0 || number > parts[i - 1]!.number)
  if (!ascending) throw invalid("'parts' must be in ascending order of part_number, each once")
  return parts
}

/** Where the caller reaches this server, by its own words: the guard has checked the host. */
function address(request: FastifyRequest, base: string, path: string): string {
  const protocol = request.headers['x-forwarded-proto'] === 'https' ? 'https' : request.protocol
  return `${protocol}://${request.host}${base}/${path.split('/').map(encodeURIComponent).join('/')}`
}

/** The client sends a part without its own credentials, only with these: what it sent us just now. */
function own(request: FastifyRequest): Record<string, string> {
  const { authorization } = request.headers
  return authorization ? { Authorization: authorization } : {}
}
