/**
 * Has a trainer of the project learn (room trainer): hands it the rows, follows it, and takes the ONNX model that it logged.
 * Whatever goes wrong, the run is marked as failed, with what the command said in trainer.log, and no version is made of it.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf, PlatformError } from '../../base/errors.ts'
import { sha256File } from '../../base/hash.ts'
import type { Log } from '../../base/log.ts'
import { progress } from '../../base/progress.ts'
import type { Project } from '../../config/project.ts'
import type { Features } from '../../features/features.ts'
import type { TrainingSetRef } from '../../features/offline/training-set.ts'
import { withTemporary } from '../../lake/scratch.ts'
import { isTrainer, type Trainer } from '../../ml/learn/given/params.ts'
import { splitTrainingSet } from '../../ml/learn/splits.ts'
import type { Tracking, TrackingApi } from '../../tracking/tracking.ts'
import { createBoundedLog, type Ended, runTrainer } from '../../trainer/trainer.ts'
import { frameOf, weightColumn } from '../frame.ts'
import type { Pinned } from '../pin.ts'
import { createTrainingRun } from '../training-run.ts'
import { loggedModelOf, readOnnxFile } from './logged-model.ts'
import { FILES, manifestOf, rolesOf, SPLIT_COLUMN } from './manifest.ts'

/** What only an app with a server of its own can give. */
export type TrainerHost = {
  /** Listens on the loopback for this one trainer, with a token that is good until it is closed. */
  openTracking(): Promise<{ url: string; token: string; close(): Promise<void> }>
  /** This server's own: a trainer does not log elsewhere. */
  tracking: Tracking
  /** Of this process: what a trainer may see of it, by name. */
  environment: Readonly<Record<string, string | undefined>>
}

export type OutsideDeps = {
  project: Project
  features: Pick<Features, 'readTrainingSet' | 'writeTrainingRows'>
  tracking: TrackingApi
  trainers?: TrainerHost | undefined
  clock: { nowMs(): number }
  log: Log
}

const LOG_BYTES_MAX = 1_000_000
const OUTPUT_BYTES_MAX = 100_000_000
const FLUSH_MS = 2_000
const LOG_FILE = 'trainer.log'
const BEGUN_TAG = 'weir.trainer'
/** What every program may need, and tells nothing of Weir. */
const ALWAYS = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR', 'USER', 'LOGNAME']

/** The ONNX file that the trainer gave. */
export async function learnOutside(
  deps: OutsideDeps,
  pinned: Pinned,
  dataset: TrainingSetRef,
  options: { signal?: AbortSignal } = {},
): Promise<Uint8Array> {
  const { learner } = pinned.definitions.model
  if (!isTrainer(learner) || deps.trainers === undefined) {
    throw new PlatformError('unsupported', `${pinned.model} has a trainer, which cannot be started from here`)
  }
  const run = await createTrainingRun(deps.tracking, pinned)
  const { runId } = run
  const log = createBoundedLog(LOG_BYTES_MAX)
  const keepLog = () => deps.tracking.artifacts.putOfRun(runId, LOG_FILE, Buffer.from(log.text()))
  const failed = async (error: unknown): Promise<never> => {
    if (log.bytes() > 0) await keepLog()
    const status = options.signal?.aborted ? 'KILLED' : 'FAILED'
    await deps.tracking.runs.update(runId, { status, endTimeMs: deps.clock.nowMs() })
    throw error
  }
  // It may have done anything: it is not asked a second time on behalf of one command.
  if (run.tags.some(({ key }) => key === BEGUN_TAG)) {
    return failed(refused(runId, 'the process that followed it ended before it was done; give the command again'))
  }
  await deps.tracking.logBatch(runId, { tags: [{ key: BEGUN_TAG, value: JSON.stringify(learner.command) }] })
  return within(deps, { ...pinned, runId }, dataset, learner, { log, keepLog, ...options }).catch(failed)
}

type Following = { log: ReturnType<typeof createBoundedLog>; keepLog(): Promise<void>; signal?: AbortSignal }

function within(
  deps: OutsideDeps,
  pinned: Pinned,
  dataset: TrainingSetRef,
  learner: Trainer,
  { log, keepLog, signal }: Following,
): Promise<Uint8Array> {
  const trainers = deps.trainers!
  return withTemporary('trainer', async (folder) => {
    const told = await handOver(deps, pinned, dataset, folder)
    const { url, token, close } = await trainers.openTracking()
    const flushing = flushed(log, keepLog)
    try {
      const onProgress = progress()
      let lines = 0
      const ended = await runTrainer({
        command: learner.command,
        cwd: deps.project.dir,
        env: { ...environmentOf(learner, trainers.environment), ...told, ...addressOf(pinned, url, token) },
        folder,
        timeoutMs: learner.timeoutMs,
        outputBytesMax: OUTPUT_BYTES_MAX,
        log,
        onLine(line) {
          onProgress({ phase: `trainer: ${line.slice(0, 120)}`, done: ++lines, total: null, unit: 'rows' })
        },
        ...(signal ? { signal } : {}),
      })
      await flushing.end()
      if (log.bytes() > 0) await keepLog()
      const fault = faultOf(ended, learner)
      if (fault !== undefined) throw refused(pinned.runId, `${fault}${lastWords(log.text())}`)
      return await takeModel(trainers, pinned.runId, learner)
    } finally {
      await flushing.end()
      await close()
    }
  })
}

/** The rows and what there is to know of them, as files; gives the variables that name them. */
async function handOver(deps: OutsideDeps, pinned: Pinned, dataset: TrainingSetRef, folder: string) {
  const { model, service } = pinned.definitions
  const data = await deps.features.readTrainingSet(dataset)
  const features = service.features.map(({ name }) => name)
  const { predicts, positive } = model
  const frame = frameOf(data, { features, label: dataset.label, weight: weightColumn(model), predicts, positive })
  const split = splitTrainingSet(frame, model.split)
  const [rows, manifest, output] = [join(folder, FILES.rows), join(folder, FILES.manifest), join(folder, 'work')]
  await mkdir(output, { mode: 0o700 })
  await deps.features.writeTrainingRows(dataset, { roles: rolesOf(frame.rows, split), column: SPLIT_COLUMN }, rows)
  const told = manifestOf({ pinned, dataset, frame, split, fileDigest: await sha256File(rows) })
  await writeFile(manifest, `${JSON.stringify(told, null, 2)}\n`, { mode: 0o600 })
  return { WEIR_TRAINING_SET: rows, WEIR_MANIFEST: manifest, WEIR_WORK: output }
}

function environmentOf({ env, passEnv }: Trainer, own: TrainerHost['environment']): Record<string, string> {
  const passed = [...ALWAYS, ...passEnv].flatMap((name) =>
    own[name] === undefined ? [] : [[name, own[name]] as const],
  )
  return { ...Object.fromEntries(passed), ...env }
}

/** As MLflow's clients read it. The run is resumed by its id, and the loopback is never reached by a proxy. */
function addressOf({ runId, definitions }: Pinned, url: string, token: string): Record<string, string> {
  return {
    MLFLOW_TRACKING_URI: url,
    MLFLOW_TRACKING_TOKEN: token,
    MLFLOW_RUN_ID: runId,
    MLFLOW_EXPERIMENT_NAME: definitions.model.experiment,
    NO_PROXY: '127.0.0.1',
    no_proxy: '127.0.0.1',
  }
}

/** So that a killed process leaves what was said until shortly before. */
function flushed(log: Following['log'], keepLog: () => Promise<void>) {
  let [seen, writing] = [0, Promise.resolve()]
  const timer = setInterval(() => {
    if (log.bytes() === seen) return
    seen = log.bytes()
    writing = writing.then(keepLog).catch(() => {})
  }, FLUSH_MS)
  return {
    async end() {
      clearInterval(timer)
      await writing
    },
  }
}

function faultOf(ended: Ended, { command, timeoutMs }: Trainer): string | undefined {
  switch (ended.kind) {
    case 'exit':
      return ended.code === 0 ? undefined : `it ended with exit code ${ended.code}`
    case 'signal':
      return `it was ended by ${ended.signal}`
    case 'not_started':
      return `'${command[0]}' cannot be started: ${ended.reason}`
    case 'timeout':
      return `it took longer than ${timeoutMs / 1000} s, and was ended; 'timeout' in the project file gives it more`
    case 'flood':
      return `it said more than ${OUTPUT_BYTES_MAX / 1_000_000} MB, and was ended`
    case 'stopped':
      return 'it was stopped'
  }
}

const WORDS_CHARS = 300

function lastWords(text: string): string {
  const last = text.trimEnd().split('\n').slice(-3).join(' | ').slice(-WORDS_CHARS)
  return last === '' ? '' : `; its last words: ${last}`
}

/** The last one that it logged. */
async function takeModel(trainers: TrainerHost, runId: string, { maxModelBytes }: Trainer): Promise<Uint8Array> {
  const folder = await loggedModelOf(trainers.tracking, runId)
  const hint = 'log one with mlflow.onnx.log_model in the run that MLFLOW_RUN_ID names'
  if (folder === undefined) throw refused(runId, `it logged no model; ${hint}`)
  const bytes = await readOnnxFile(trainers.tracking, folder, maxModelBytes).catch((error: unknown) => {
    throw refused(runId, messageOf(error))
  })
  if (bytes === undefined) throw refused(runId, `the model that it logged has no ONNX file; ${hint}`)
  return bytes
}

function refused(runId: string, says: string): PlatformError {
  const message = `the trainer gave no model: ${says} (run ${runId}; what it said is in its ${LOG_FILE})`
  return new PlatformError('trainer_failed', message, { details: { runId } })
}

/** What the trainer gave was not taken after all: the same as if it had given none. */
export async function failRun(
  { tracking, clock }: Pick<OutsideDeps, 'tracking' | 'clock'>,
  { runId }: Pinned,
  error: unknown,
  cancel?: AbortSignal,
): Promise<never> {
  const status = cancel?.aborted ? 'KILLED' : 'FAILED'
  await tracking.runs.update(runId, { status, endTimeMs: clock.nowMs() })
  if (error instanceof PlatformError) throw refused(runId, error.message)
  throw error
}
