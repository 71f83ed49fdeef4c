import type { EncoderSpec } from '../ml/model/encoder.ts'
import { onnxInputType } from '../ml/model/onnx.ts'
import { answersOf } from '../ml/model/onnx-answer.ts'
import type { Outcome } from '../ml/model/outcome.ts'
import { exactJson } from '../wire/exact-json.ts'

/**
 * The files of an MLflow model folder beside the model itself: loaded by `mlflow.onnx`, so nothing in it is code.
 *
 * The signature is what MLflow would infer of the training set in pandas, with one difference: a Bool with nulls is a
 * `string`, since MLflow hands a column of True and None on as objects, which ONNX Runtime takes as text. What the
 * enforcement of a column signature does not let pass (tried with 2.16.2 and 3.17.2): a float64 column where the
 * signature says long, whole numbers as int64 where it says double, pure bool where it says string, and pandas' nullable
 * types with a pd.NA inside. A tensor signature would take those and refuse others (each frame whose index has no 0, or
 * whose first value is None), and answer with a dict instead of a DataFrame.
 */
export type ModelFolder = {
  runId: string
  modelUuid: string
  createdMs: number
  encoder: EncoderSpec
  outcome: Outcome
  example: { columns: string[]; data: unknown[][] }
}

const ARTIFACT_PATH = 'model'

/** The version whose folder layout this is; readable by later ones. */
const MLFLOW_VERSION = '2.16.2'

/** pandas 3 hands strings to ONNX Runtime in a form that it does not take (seen with 3.1). */
const REQUIREMENTS = ['mlflow>=2.16,<4', 'onnx>=1.13', 'onnxruntime>=1.14', 'pandas<3']
const PYTHON = '3.11'

export async function modelFolderFiles(folder: ModelFolder): Promise<Record<string, string>> {
  // Loaded by the first fit: a start without it is faster.
  const { stringify } = await import('yaml')
  const conda = {
    name: 'mlflow-env',
    channels: ['conda-forge'],
    dependencies: [`python=${PYTHON}`, 'pip', { pip: REQUIREMENTS }],
  }
  return {
    MLmodel: stringify(mlmodel(folder)),
    'requirements.txt': `${REQUIREMENTS.join('\n')}\n`,
    'conda.yaml': stringify(conda),
    'python_env.yaml': stringify({
      python: PYTHON,
      build_dependencies: ['pip'],
      dependencies: ['-r requirements.txt'],
    }),
    'input_example.json': exactJson(folder.example),
  }
}

/** The flavors as they stand in MLmodel and in the tag mlflow.log-model.history. */
export function flavors(): Record<string, unknown> {
  return {
    onnx: { code: null, data: 'model.onnx', onnx_version: '1.17.0', providers: ['CPUExecutionProvider'] },
    python_function: {
      data: 'model.onnx',
      env: { conda: 'conda.yaml', virtualenv: 'python_env.yaml' },
      loader_module: 'mlflow.onnx',
      python_version: `${PYTHON}.0`,
    },
    weir: { data: 'model.weir', format: 1 },
  }
}

/** What the tag mlflow.log-model.history says of a logged model. */
export function logModelHistory({
  runId,
  modelUuid,
  createdMs,
  encoder,
  outcome,
}: Omit<ModelFolder, 'example'>): string {
  const entry = {
    run_id: runId,
    artifact_path: ARTIFACT_PATH,
    utc_time_created: pythonTime(createdMs),
    model_uuid: modelUuid,
    flavors: flavors(),
    signature: signature(encoder, outcome),
  }
  return JSON.stringify([entry])
}

/** Names, types and order as callers see them; JSON texts inside, as MLflow has it. */
export function signature(encoder: EncoderSpec, outcome: Outcome): { inputs: string; outputs: string; params: null } {
  const columns = encoder.inputs.map(({ name, type, nullable }) => {
    return { type: MLFLOW_TYPES[onnxInputType(type, nullable)], name, required: true }
  })
  const outputs = answersOf(encoder, outcome).map(({ name, type }) => {
    return { type: MLFLOW_TYPES[type], name, required: true }
  })
  return { inputs: JSON.stringify(columns), outputs: JSON.stringify(outputs), params: null }
}

const MLFLOW_TYPES = { int64: 'long', double: 'double', float: 'float', bool: 'boolean', string: 'string' } as const

function mlmodel(folder: ModelFolder): Record<string, unknown> {
  return {
    artifact_path: ARTIFACT_PATH,
    flavors: flavors(),
    mlflow_version: MLFLOW_VERSION,
    model_uuid: folder.modelUuid,
    run_id: folder.runId,
    saved_input_example_info: { artifact_path: 'input_example.json', pandas_orient: 'split', type: 'dataframe' },
    signature: signature(folder.encoder, folder.outcome),
    utc_time_created: pythonTime(folder.createdMs),
  }
}

/** `2024-01-31 12:00:00.000000`, UTC. */
function pythonTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 23).replace('T', ' ')}000`
}
