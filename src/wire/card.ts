import { z } from 'zod'

/** Of `GET /models/{model}/versions/{version}/card`. */
export const cardParams = z.object({
  model: z.string().meta({ description: 'Name of a registered model.' }),
  version: z
    .string()
    .regex(/^[1-9]\d{0,8}$/)
    .meta({ description: 'Its version number.' }),
})
export type CardParams = z.output<typeof cardParams>
