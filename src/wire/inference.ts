/** The open inference protocol, version 2 (KServe, Triton): what is sent and answered, as shapes. */
import { z } from 'zod'

const text = z.string()
const said = (description: string) => text.meta({ description })
const parameters = z
  .record(text, z.union([z.string(), z.number(), z.boolean()]))
  .meta({ description: 'Further words of the protocol, and of its extensions.' })
const shape = z.array(z.int()).max(8)
const datatype = text.meta({ description: 'BOOL, INT8 to INT64, UINT8 to UINT64, FP32, FP64 or BYTES.' })

export const inferRequest = z.looseObject({
  id: text.max(128).meta({ description: 'Given back as it is.' }).optional(),
  parameters: parameters.optional(),
  inputs: z
    .array(
      z.looseObject({
        name: text.meta({ description: 'A feature of the model, or one of its join keys.' }),
        shape: shape.meta({ description: '[N] or [N, 1].' }),
        datatype,
        parameters: parameters.optional(),
        data: z
          .array(z.unknown())
          .meta({ description: 'The values in order, nested or flat; null where there is none.' }),
      }),
    )
    .min(1)
    .meta({ description: 'One for each feature; or one for each join key, and the live features are read.' }),
  outputs: z
    .array(z.looseObject({ name: said('Which output.'), parameters: parameters.optional() }))
    .meta({ description: 'Which are wanted; all of them where this is left out.' })
    .optional(),
})
export type InferRequest = z.output<typeof inferRequest>
export type InferInput = InferRequest['inputs'][number]

const tensor = z.object({
  name: said('Of the feature, key or output.'),
  datatype,
  shape: z.array(z.int()).meta({ description: '-1 stands for any number.' }),
})

export const inferAnswer = z.object({
  id: said('As it was sent.').optional(),
  model_name: said('Name of the registered model.'),
  model_version: text.meta({ description: 'The version that answered.' }),
  parameters: parameters.meta({ description: 'run_id: the run that trained it.' }),
  outputs: z
    .array(
      z.looseObject({
        ...tensor.shape,
        parameters: parameters.optional(),
        data: z
          .array(z.unknown())
          .optional()
          .meta({ description: 'The values in order; left out where they come as bytes.' }),
      }),
    )
    .meta({ description: 'What is predicted.' }),
})

export const serverMetadata = z.object({
  name: said('weir.'),
  version: said('Of Weir.'),
  extensions: z.array(text).meta({ description: 'Of the protocol.' }),
})

export const modelMetadata = z.object({
  name: said('Name of the model.'),
  versions: z.array(text).meta({ description: 'The one that answers.' }),
  platform: said('weir.'),
  inputs: z.array(tensor).meta({ description: 'The features. Instead of them, the join keys can be sent.' }),
  outputs: z.array(tensor).meta({ description: 'What it answers.' }),
  parameters: parameters.meta({ description: 'keys: the join keys, as NAME DATATYPE, with commas between.' }),
})
export type ModelMetadata = z.output<typeof modelMetadata>
export type TensorMetadata = z.output<typeof tensor>

export const aliveAnswer = z.object({ live: z.boolean().meta({ description: 'Whether it answers at all.' }) })
export const serverReadyAnswer = z.object({ ready: z.boolean().meta({ description: 'Whether it can predict.' }) })
export const modelReadyAnswer = z.object({
  name: said('Name of the model.'),
  ready: z.boolean().meta({ description: 'Whether it can predict.' }),
})

export const inferRefusal = z.looseObject({
  error: text.meta({ description: 'What was wrong, where, and what to do.' }),
  code: text.meta({ description: 'The code of the error; docs/reference/errors.md has the table.' }),
})
export const versionParam = z.object({ version: text.meta({ description: 'The version that answers.' }) })
