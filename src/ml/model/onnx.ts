/**
 * The model as ONNX, for everyone else: opset 15 with ai.onnx.ml 3, which ONNX Runtime reads since 1.11 (March 2022).
 *
 * One input of shape [N] per feature, by its name; casts and one-hot are inside. What it answers is in onnx-answer.ts.
 *
 * The trees compare in double, exactly as our walker does, so no threshold moves; only the answer is a float32.
 */
import type { EncoderSpec, InputType } from './encoder.ts'
import { kindOf } from './kinds.ts'
import type { Model } from './model-file.ts'
import { type AnswerName, answerNodes, answersOf, cast } from './onnx-answer.ts'
import { calibrationNodes } from './onnx-calibration.ts'
import type { CategoryTable } from './onnx-forms.ts'
import {
  attribute,
  doubles,
  type GraphNode,
  int64s,
  TENSOR,
  type Tensor,
  type TensorType,
  type ValueInfo,
  writeOnnx,
} from './onnx-proto.ts'
import { plainNode as node } from './onnx-trees.ts'

const ML = 'ai.onnx.ml'

/** How booleans that can be null arrive as text: Python's, JSON's and pandas' spellings. Anything else is missing. */
const TRUE = ['True', 'true', 'TRUE', '1', '1.0']
const FALSE = ['False', 'false', 'FALSE', '0', '0.0']

export function encodeOnnx(model: Model): Uint8Array {
  const own = kindOf(model.learned).onnxFile?.(model.learned)
  if (own) return own
  const { spec } = model.encoder
  const form = kindOf(model.learned).onnx(model.learned, spec)
  const answers = answersOf(spec, model.outcome)
  const fresh = freshNames(spec, answers)
  const [column, flat] = [fresh('column'), fresh('flat')]
  const [matrix, outputs] = [fresh('row:matrix'), fresh('forest:mean')]
  const calibration = model.calibration && calibrationNodes(model.calibration, outputs, fresh)
  const answering = answerNodes(model.outcome, answers, { outputs: calibration?.output ?? outputs, flat, fresh })
  const tables: Tensor[] = []
  const parts = spec.inputs.map((input) => {
    const output = fresh(`${input.name}:columns`)
    return { nodes: encodeInput(spec, input, { output, column, fresh, tables, tableOf: form.tables }), output }
  })
  const used = parts.filter(({ nodes }) => nodes.length > 0)
  const initializer: Tensor[] = [
    int64s(column, new BigInt64Array([-1n, 1n])),
    int64s(flat, new BigInt64Array([-1n])),
    ...answering.initializer,
    ...tables,
    ...(calibration?.tensors ?? []),
  ]
  const columns = used.map(({ output }) => output)
  return writeOnnx({
    irVersion: 8,
    producerName: 'weir',
    opsetImport: [
      { domain: '', version: 15 },
      { domain: ML, version: 3 },
    ],
    metadataProps: [{ key: 'label', value: model.label }],
    graph: {
      name: model.learned.kind,
      input: spec.inputs.map(({ name, type, nullable }) => valueInfo(name, onnxInputType(type, nullable))),
      output: answers.map(({ name, type }) => valueInfo(name, type)),
      initializer,
      node: [
        ...used.flatMap(({ nodes }) => nodes),
        node('Concat', columns, matrix, [attribute.int('axis', 1)]),
        ...form.nodes(matrix, outputs, fresh),
        ...(calibration?.nodes ?? []),
        ...answering.nodes,
      ],
    },
  })
}

type Fresh = (name: string) => string

/** Names of values are one space in a graph, whatever the features are called: one that is taken gets colons behind it. */
function freshNames(spec: EncoderSpec, answers: readonly AnswerName[]): Fresh {
  const taken = new Set([...spec.inputs, ...answers].map(({ name }) => name))
  return (name) => {
    let free = name
    while (taken.has(free)) free += ':'
    taken.add(free)
    return free
  }
}

/**
 * What a caller feeds, chosen so that a DataFrame of the training set, and of the same data read from CSV, fits as it
 * is (training/mlmodel.ts declares the same in the signature): whole numbers are int64, but double where training saw
 * a null, as pandas has them; fractions are double; booleans are bool, but text where training saw a null, since a
 * pandas column of True and None reaches ONNX as text.
 */
export function onnxInputType(type: InputType, nullable: boolean): 'int64' | 'double' | 'bool' | 'string' {
  if (type === 'String') return 'string'
  if (type === 'Bool') return nullable ? 'string' : 'bool'
  if (type === 'Int32' || type === 'Int64') return nullable ? 'double' : 'int64'
  return 'double'
}

type Place = {
  output: string
  column: string
  fresh: Fresh
  /** Where the tensors of a new table go, and what those of columns are. */
  tables: Tensor[]
  tableOf: ReadonlyMap<number, CategoryTable>
}

/** The nodes from one input to its columns [N, width] in double; none when a string had no category. */
function encodeInput(
  spec: EncoderSpec,
  { name, type, nullable }: EncoderSpec['inputs'][number],
  { output, column, fresh, tables, tableOf }: Place,
): GraphNode[] {
  if (type === 'String') {
    const at = spec.columns.findIndex((c) => c.input === name)
    const own = spec.columns[at]
    if (own?.kind === 'category' || own?.kind === 'target_mean') {
      const table =
        own.kind === 'category' ? tableOf.get(at) : { width: 1, values: Float64Array.from([...own.means, Number.NaN]) }
      return lookUp(name, own.categories, table, { output, fresh, tables })
    }
    const categories = spec.columns.flatMap((c) => (c.kind === 'one_hot' && c.input === name ? [c.category] : []))
    if (categories.length === 0) return []
    const oneHot = [attribute.texts('cats_strings', categories), attribute.int('zeros', 1)]
    const coded = fresh(`${name}:one_hot`)
    return [node('OneHotEncoder', [name], coded, oneHot, ML), cast(coded, output, 'double')]
  }
  const double = fresh(`${name}:double`)
  const toColumn = node('Reshape', [double, column], output)
  if (type === 'Bool' && nullable) {
    const values = [
      attribute.texts('keys_strings', [...TRUE, ...FALSE]),
      attribute.floats('values_floats', [...TRUE.map(() => 1), ...FALSE.map(() => 0)]),
      attribute.float('default_float', Number.NaN),
    ]
    const number = fresh(`${name}:number`)
    return [node('LabelEncoder', [name], number, values, ML), cast(number, double, 'double'), toColumn]
  }
  if (type === 'Float32') {
    const float = fresh(`${name}:float`)
    return [cast(name, float, 'float'), cast(float, double, 'double'), toColumn]
  }
  return [cast(name, double, 'double'), toColumn]
}

/** The categories' numbers by a table; a text that is not one of them, "None" for null among them, has the last row. */
function lookUp(
  name: string,
  categories: string[],
  table: CategoryTable | undefined,
  { output, fresh, tables }: Pick<Place, 'output' | 'fresh' | 'tables'>,
): GraphNode[] {
  if (table === undefined) return []
  const [code, rows] = [fresh(`${name}:code`), fresh(`${name}:table`)]
  tables.push({ ...doubles(rows, table.values), dims: [categories.length + 1, table.width] })
  const codes = [
    attribute.texts('keys_strings', categories),
    attribute.ints(
      'values_int64s',
      Uint32Array.from(categories, (_, i) => i),
    ),
    attribute.int('default_int64', categories.length),
  ]
  return [node('LabelEncoder', [name], code, codes, ML), node('Gather', [rows, code], output)]
}

function valueInfo(name: string, type: TensorType): ValueInfo {
  return { name, type: { tensorType: { elemType: TENSOR[type], shape: { dim: [{ dimParam: 'N' }] } } } }
}
