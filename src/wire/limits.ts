/**
 * The one table of what a caller may send and how long a caller may take. A refusal names the limit by its name here
 * (`limit filterComparisons`); docs/reference/limits.md is the same table, and a test compares the two.
 */
import { PlatformError } from '../base/errors.ts'

type Limit = { value: number; meaning: string }

const TABLE = {
  bodyBytes: { value: 1_000_000, meaning: 'bytes of a JSON body, where no other line says more' },
  inputsBodyBytes: { value: 40_000_000, meaning: 'bytes of the body of runs/log-inputs' },
  uploadBodyBytes: { value: 8_000_000, meaning: 'bytes of the body of mpu/create, complete and abort' },
  onlineBodyBytes: { value: 4_000_000, meaning: 'bytes of the body of /get-online-features' },
  pushBodyBytes: { value: 32_000_000, meaning: "bytes of every other body of Feast's protocol" },
  bodyDepth: { value: 64, meaning: 'lists and objects inside each other in one JSON text' },
  bodyValues: { value: 20_000, meaning: 'values in one JSON body, where no other line says more' },
  onlineBodyValues: { value: 60_000, meaning: 'values in the body of /get-online-features' },
  rowsBodyValues: { value: 1_000_000, meaning: "values in the body of invocations, and of Feast's writes" },
  pathPart: { value: 1_000, meaning: 'characters of a part of a path that is a parameter' },
  echo: { value: 100, meaning: "characters of a caller's value in an error message" },
  message: { value: 4_000, meaning: 'characters of an error message' },
  pageToken: { value: 10_000, meaning: 'characters of a page token' },
  filterText: { value: 10_000, meaning: 'characters of a filter, or of one order_by entry' },
  filterComparisons: { value: 20, meaning: 'comparisons of a filter' },
  filterList: { value: 1_000, meaning: 'values of an IN list' },
  orderBy: { value: 20, meaning: 'entries of order_by' },
  experimentIds: { value: 10_000, meaning: 'experiment_ids of a search' },
  listItems: { value: 1_000, meaning: 'tags, params, datasets or models of one request' },
  runInputs: { value: 10_000, meaning: 'datasets that one run used' },
  runInputBytes: { value: 32_000_000, meaning: 'bytes of the schemas, profiles and sources of these together' },
  batchMetrics: { value: 1_000, meaning: 'metrics of a log-batch; also metrics, params and tags together' },
  batchParams: { value: 100, meaning: 'params of a log-batch' },
  batchTags: { value: 100, meaning: 'tags of a log-batch' },
  text: { value: 1_000_000, meaning: 'characters of a text, where no other line says less' },
  key: { value: 250, meaning: 'characters of the key of a param, metric or tag' },
  paramValue: { value: 6_000, meaning: 'characters of a param; longer ones are cut off, as MLflow does' },
  runTagValue: { value: 8_000, meaning: 'characters of a tag of a run; longer ones are cut off, as MLflow does' },
  tracePreview: { value: 10_000, meaning: 'characters of the preview of what a trace was asked, or answered' },
  assessmentChars: { value: 100_000, meaning: 'characters of an assessment of a trace, as JSON' },
  experimentTagValue: { value: 20_000, meaning: 'characters of a tag of an experiment' },
  registryTagValue: { value: 100_000, meaning: 'characters of a tag of a registered model or version' },
  experimentName: { value: 500, meaning: "characters of an experiment's name" },
  runName: { value: 1_000, meaning: "characters of a run's name" },
  userId: { value: 500, meaning: "characters of a run's user_id" },
  modelName: { value: 250, meaning: "characters of a registered model's name" },
  alias: { value: 255, meaning: 'characters of an alias' },
  description: { value: 5_000, meaning: 'characters of the description of a model or version, or of a comment' },
  source: { value: 1_000, meaning: "characters of a version's source" },
  runLink: { value: 500, meaning: "characters of a version's run_link" },
  historyRuns: { value: 100, meaning: 'runs of one get-history-bulk' },
  historySteps: { value: 2_500, meaning: 'steps of one get-history-bulk-interval' },
  seriesKeys: { value: 50, meaning: 'metrics of one GET /series' },
  seriesPoints: { value: 250_000, meaning: 'points of all curves of one GET /series, after they were thinned' },
  tableColumns: { value: 200, meaning: 'columns of one look at the table of runs' },
  tableGroups: { value: 500, meaning: 'groups of the table of runs that are given' },
  savedViews: { value: 200, meaning: 'saved views of one experiment' },
  previewBytes: { value: 262_144, meaning: 'bytes of a file of a run that a preview shows' },
  previewRows: { value: 200, meaning: 'rows of a table that a preview shows' },
  previewColumns: { value: 200, meaning: 'columns of these' },
  pictureBytes: { value: 16_000_000, meaning: 'bytes of an image or HTML file of a run that is shown as one' },
  datasetExperiments: { value: 20, meaning: 'experiment_ids of one search-datasets' },
  datasetSummaries: { value: 1_000, meaning: 'datasets that search-datasets gives' },
  pageUploadBytes: { value: 10 * 2 ** 20, meaning: 'bytes of a file sent to upload-artifact' },
  historyPage: { value: 25_000, meaning: 'points of one page of get-history' },
  onlineKeys: { value: 10_000, meaning: 'entities of one /get-online-features' },
  pushRows: { value: 100_000, meaning: 'rows of one /push or /write-to-online-store' },
  predictKeys: { value: 1_000, meaning: 'keys of one /predict/batch' },
  explainKeys: { value: 100, meaning: 'keys of one /predict/batch?explain=true' },
  uploadParts: { value: 10_000, meaning: 'parts of one upload' },
  uploadAnswerBytes: {
    value: 8_000_000,
    meaning: 'bytes of the answer of mpu/create, which repeats path and credentials for each part',
  },
  uploadsOpen: { value: 1_000, meaning: 'uploads in parts that are not finished, in a store that is a folder' },
  uploadAgeMs: { value: 24 * 3_600_000, meaning: 'milliseconds after which an unfinished upload is removed' },
  modelFiles: { value: 1_000, meaning: 'files below the source of a registered version' },
  modelBytes: { value: 2 ** 30, meaning: 'bytes of a model.weir that is loaded' },
  onnxRunMs: {
    value: 10_000,
    meaning: 'milliseconds that one run of an ONNX model of a client may take; then its process is ended',
  },
  onnxWaiting: { value: 256, meaning: 'runs of ONNX models that wait for their process; more are refused with 503' },
  modelTrees: { value: 10_000, meaning: 'trees of a model that is loaded' },
  modelDepth: { value: 1_000, meaning: 'questions from the root of a tree to a leaf' },
  modelColumns: { value: 32_767, meaning: 'columns that the features of a model are encoded to' },
  searchMs: { value: 15_000, meaning: 'milliseconds that a statement of a search may take' },
  longAtOnce: {
    value: 2,
    meaning: 'searches that one server works on at once; also pages of long lists, and large batches of keys',
  },
  longWaiting: { value: 500, meaning: 'of each of these, how many may wait; more are refused with 503' },
  headersMs: { value: 10_000, meaning: 'milliseconds from the first byte of a request to the end of its headers' },
  bodyMs: { value: 30_000, meaning: 'milliseconds for a JSON body to arrive' },
  idleMs: { value: 60_000, meaning: 'milliseconds that a connection may stay open without a request' },
  stalledMs: {
    value: 60_000,
    meaning: 'milliseconds that a caller may take less of a waiting answer than the next line says',
  },
  answerBytesPerSecond: { value: 1_000, meaning: 'bytes a second of an answer that waits to be taken, over stalledMs' },
  deliveriesOpen: {
    value: 8,
    meaning:
      'deliveries over HTTP that one server receives, checks (one at a time) or has waiting; more are refused with 503',
  },
  cellChars: { value: 500, meaning: 'characters of a cell where rows of a snapshot are shown; longer ones end with …' },
  pageCells: {
    value: 20_000,
    meaning: 'cells of one page of rows, or of a difference; a page of a wide table has fewer rows',
  },
  statisticsSnapshots: { value: 24, meaning: 'snapshots whose statistics are told side by side' },
  statisticsColumns: { value: 50, meaning: 'columns of one page of these statistics' },
  lineageNodes: { value: 500, meaning: 'things of one answer of lineage, where no more are looked for' },
  deliveryFiles: { value: 1_000, meaning: 'files of one delivery over HTTP' },
  packedTimes: { value: 200, meaning: 'times its own size that a delivered file of gzip or zstd may unpack to' },
  packedFreeBytes: { value: 2 ** 28, meaning: 'bytes that it may unpack to whatever its size' },
  sheetBytes: { value: 2 ** 32, meaning: 'bytes of XML of one sheet of a delivered Excel workbook' },
  sheetTextBytes: { value: 2 ** 28, meaning: 'bytes of XML of the texts of a workbook, which are held in memory' },
  eventStreams: { value: 64, meaning: 'open streams of events of one server; more are refused with 503' },
  eventBytesWaiting: { value: 262_144, meaning: 'bytes of events that a slow reader lets wait; then it is cut off' },
  eventBeatMs: { value: 15_000, meaning: 'milliseconds between two signs of life of a stream of events' },
  timeStops: { value: 1_000, meaning: 'moments, and snapshots, that the time machine names as stops' },
  tokens: { value: 1_000, meaning: 'tokens that are not revoked; as many revoked ones are kept in the list' },
  tokenName: { value: 100, meaning: 'characters of the name of a token' },
  sessionMs: {
    value: 7 * 86_400_000,
    meaning: 'milliseconds that a session of a browser lasts, where its token does not end before',
  },
  shadowsPerModel: { value: 3, meaning: 'shadows of one model at a time' },
  sessionsOfToken: { value: 100, meaning: 'sessions of one token; the oldest ends for one more' },
  uploadBytesPerSecond: { value: 1_000, meaning: 'bytes a second of an artifact that comes in, over half a minute' },
} as const satisfies Record<string, Limit>

export type LimitName = keyof typeof TABLE

/** What a route may name as the limit of its body's values; the first where it names none. */
export type ValuesLimit = 'bodyValues' | 'onlineBodyValues' | 'rowsBodyValues'

export const LIMITS: Readonly<Record<LimitName, Limit>> = TABLE

export function limitOf(name: LimitName): number {
  return TABLE[name].value
}

/** Refuses a count or length beyond a limit; `what` names the thing, `'filter'` or `the list of tags`. */
export function requireWithin(name: LimitName, count: number, what: string): void {
  if (count <= TABLE[name].value) return
  throw overLimit(name, `${what} is too long: ${count}`)
}

/** A refusal that names the limit. */
export function overLimit(name: LimitName, message: string): PlatformError {
  return new PlatformError('invalid_argument', `${message}; at most ${TABLE[name].value} (limit ${name})`)
}

/** A caller's value in a message: short, and whatever it is. */
export function shown(value: unknown): string {
  const most = TABLE.echo.value
  if (typeof value === 'string') return JSON.stringify(value.length > most ? `${value.slice(0, most)}…` : value)
  if (Array.isArray(value)) return value.length === 0 ? '[]' : `a list of ${value.length}`
  if (typeof value === 'object' && value !== null) return 'an object'
  return String(value).slice(0, most)
}

/** A whole message, cut to what an answer may hold. */
export function bounded(message: string): string {
  const most = TABLE.message.value
  return message.length > most ? `${message.slice(0, most).replace(/[\uD800-\uDBFF]$/, '')}…` : message
}
