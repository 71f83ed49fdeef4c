/** What is watched of a model, as a person writes it. */
import { z } from 'zod'

export const monitoring = z.strictObject({})
